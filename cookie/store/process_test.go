package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tfocraft/cookie"
)

// childEnv holds what this test binary is to do when a test starts it as another process: a job and its arguments.
const childEnv = "COOKIE_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	// The race detector would keep every process of ours for a second after its end.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if job := os.Getenv(childEnv); job != "" {
		if err := runChild(strings.Fields(job)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func childCommand(t *testing.T, job ...any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+strings.TrimSpace(fmt.Sprintln(job...)))
	return cmd
}

func runChild(job []string) error {
	s, err := Open(job[1], &Options{Wait: time.Minute})
	if err != nil {
		return err
	}
	switch job[0] {
	case "learn": // PATH FIRST COUNT
		return childLearn(s, job[2], job[3], false)
	case "forever": // PATH FIRST COUNT, in a loop
		for {
			if err := childLearn(s, job[2], job[3], true); err != nil {
				return err
			}
		}
	case "count": // PATH
		entries, err := s.List(testStart)
		fmt.Println(len(entries))
		return err
	case "lookup": // PATH N
		n, err := strconv.Atoi(job[2])
		if err != nil {
			return err
		}
		// A day later the use would be written down, if the file could be written.
		hint, err := s.Lookup(testStart.AddDate(0, 0, 1), testPath(n))
		fmt.Println(hint.Cookie.Hex())
		return err
	}
	return fmt.Errorf("no job %q", job)
}

func childLearn(s *Store, first, count string, print bool) error {
	from, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(count)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for i := from; i < from+n; i++ {
		c, _ := cookie.FromBytes(fmt.Appendf(nil, "%08d", i))
		if err := s.Learn(testStart, testPath(i), c, uint16(i)+1, false); err != nil {
			return err
		}
		if err := s.Block(testStart, testPath(i), cookie.Reset); err != nil {
			return err
		}
		if print {
			fmt.Println(i)
		}
	}
	return nil
}

// Processes that start together, on a file that is not there yet, lose no update of one another.
func TestProcessesLoseNothing(t *testing.T) {
	const processes, each = 5, 12
	path := filepath.Join(t.TempDir(), "new", "cookies.db")
	var children []*exec.Cmd
	var outputs []*bytes.Buffer
	for i := range processes {
		cmd, output := childCommand(t, "learn", path, i*each, each), new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr = output, output
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children, outputs = append(children, cmd), append(outputs, output)
	}
	for i, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: got %v: %s", i, err, outputs[i])
		}
	}
	s := mustOpen(t, path, nil)
	for n := range processes * each {
		hint, err := s.Lookup(testStart, testPath(n))
		want, _ := cookie.FromBytes(fmt.Appendf(nil, "%08d", n))
		if err != nil || hint.Cookie != want || hint.MSS != uint16(n)+1 || hint.Blocked != cookie.Reset {
			t.Errorf("host %d: got %s, MSS %d, blocked %q, %v, want %s, %d", n, hint.Cookie.Hex(), hint.MSS, hint.Blocked, err, want.Hex(), n+1)
		}
	}
	entries, err := s.List(testStart)
	if want := 2 * processes * each; err != nil || len(entries) != want {
		t.Errorf("entries: got %d, %v, want %d", len(entries), err, want)
	}
	wantNoLeftovers(t, filepath.Dir(path), 1)
}

// A process that dies in the middle of its work costs at most what it had not finished.
func TestProcessKilled(t *testing.T) {
	const reported = 3
	path := filepath.Join(t.TempDir(), "cookies.db")
	for round := range 3 {
		cmd := childCommand(t, "forever", path, 100*round, 50)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range reported {
			if !lines.Scan() {
				t.Fatalf("the process ended early: %v", cmd.Wait())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		s := mustOpen(t, path, nil)
		for n := 100 * round; n < 100*round+reported; n++ {
			if hint, err := s.Lookup(testStart, testPath(n)); err != nil || hint.Cookie.IsZero() || hint.Blocked != cookie.Reset {
				t.Errorf("host %d, reported as learnt: got %s, blocked %q, %v", n, hint.Cookie, hint.Blocked, err)
			}
		}
	}
}

// asNobody makes cmd run without privileges, for which files have modes.
func asNobody(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	// The directories of the test binary and of temporary files may be closed to others.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	binary := filepath.Join(dir, "test-binary")
	data, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Path = binary
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cookies.db")
	mustLearn(t, mustOpen(t, path, nil), testStart, 1)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	cmd := childCommand(t, "count", path)
	asNobody(t, cmd, dir)
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed || !strings.Contains(string(out), fs.ErrPermission.Error()) {
		t.Errorf("unreadable file: got %v, %q, want permission denied", err, out)
	}
}

// A file that may only be read is good for lookups, even when the use should be noted.
func TestReadOnlyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cookies.db")
	mustLearn(t, mustOpen(t, path, nil), testStart, 1)
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	lookup := childCommand(t, "lookup", path, 1)
	asNobody(t, lookup, dir)
	if out, err := lookup.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "3030303030303031" {
		t.Errorf("lookup: got %q, %v, want the cookie", out, err)
	}
	learn := childCommand(t, "learn", path, 5, 1)
	asNobody(t, learn, dir)
	if out, err := learn.CombinedOutput(); err == nil || !strings.Contains(string(out), fs.ErrPermission.Error()) {
		t.Errorf("learn: got %q, %v, want permission denied", out, err)
	}
}
