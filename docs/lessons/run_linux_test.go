package lessons

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write outputs that are not as the lessons have them into the lessons")

// patience bounds a lesson. It is long because the machine may be busy.
const patience = 2 * time.Minute

// missing is the exit code of tfo where a privilege or a tool is missing.
const missing = 3

// TestLessons does what the lessons say, as a student would: it runs every command, each lesson in a folder of its
// own, and compares what is printed with what the lesson says.
func TestLessons(t *testing.T) {
	shell := newShell(t)
	forbidden := shell.forbidden(t)
	for _, l := range readLessons(t) {
		t.Run(l.file, func(t *testing.T) {
			if !*update {
				// Written outputs are those of a machine that does nothing else.
				t.Parallel()
			}
			for _, program := range l.programs() {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("needs the program %s", program)
				}
			}
			if forbidden != "" && l.usesLab() {
				t.Skipf("needs a lab: %s", forbidden)
			}
			l.run(t, shell)
		})
	}
}

// run runs the commands of a lesson.
func (l *lesson) run(t *testing.T, shell *shell) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	outputs, changed := make([]string, len(l.steps)), false
	for i, s := range l.steps {
		output, err := shell.run(ctx, dir, s.commands)
		if err != nil {
			t.Fatalf("%s:%d: %v\n%s", l.file, s.line, err, output)
		}
		outputs[i] = s.output
		difference := s.differs(output)
		if difference == "" {
			continue
		}
		if *update && s.from != 0 {
			outputs[i], changed = output, true
			continue
		}
		t.Errorf("%s:%d: %s\nin all it is\n%s", l.file, s.line, difference, output)
	}
	if changed {
		if err := os.WriteFile(l.file, []byte(l.withOutputs(outputs)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// usesLab reports whether a lesson makes hosts on this machine.
func (l *lesson) usesLab() bool {
	for _, s := range l.steps {
		if strings.Contains(s.commands, "tfo lab") {
			return true
		}
	}
	return false
}

// A shell runs commands with tfo in its path.
type shell struct{ env []string }

// newShell builds the program.
func newShell(t *testing.T) *shell {
	t.Helper()
	lookAtSources(t)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "tfo"), "tfocraft/cmd/tfo")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return &shell{env: append(os.Environ(),
		"PATH="+dir+":"+os.Getenv("PATH")+":/usr/sbin:/sbin",
		"HOME="+dir, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", // nothing of whoever runs the tests is read or written
		"LC_ALL=C.UTF-8", "NO_COLOR=1", "COLUMNS=")}
}

// lookAtSources has go test notice that the program has changed: it keeps results as long as what a test has imported
// and looked at is the same, and knows nothing of what another process builds.
func lookAtSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		}
		_, err = os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run runs commands in a folder. They have to end without an error: lessons say so where they expect one.
func (s *shell) run(ctx context.Context, dir, commands string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "bash", "-c", commands)
	cmd.Dir, cmd.Env = dir, s.env
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	// Whatever the commands have started ends with them, the hosts of a lab in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	return strings.TrimSuffix(printed.String(), "\n"), errors.Join(err, ctx.Err())
}

// forbidden says why there is no lab on this machine, or nothing.
func (s *shell) forbidden(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	output, err := s.run(ctx, t.TempDir(), "tfo lab first-and-second >/dev/null")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == missing {
		return output
	}
	return ""
}
