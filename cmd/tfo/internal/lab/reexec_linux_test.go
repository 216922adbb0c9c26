package lab

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func requireNamespaces(t *testing.T) {
	t.Helper()
	requireSysctls(t)
	if err := Check(); err != nil {
		t.Skipf("needs namespaces: %v", err)
	}
}

func TestStoryInChild(t *testing.T) {
	home := newLab(t, Config{}).Client
	for name, prepare := range map[string]func(*testing.T, *exec.Cmd){
		"as it is":      func(*testing.T, *exec.Cmd) {},
		"ordinary user": asOrdinaryUser,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, "story")
			prepare(t, cmd)
			got := new(strings.Builder)
			cmd.Stdout = got
			if err := errors.Join(home.Start(cmd), cmd.Wait()); err != nil {
				t.Fatalf("story: %v\n%s", err, got)
			}
			if got.String() != story {
				t.Errorf("story = %s, want %s", got, story)
			}
			checkUntouched(t, home)
		})
	}
}

// checkUntouched looks for leftovers in the namespace that a child was started from. It is a host of another lab,
// where nobody but the child could have made any.
func checkUntouched(t *testing.T, home *Host) {
	t.Helper()
	err := home.Do(func() error {
		if got, want := links(t), "lo eth0"; got != want {
			t.Errorf("links afterwards = %s, want %s", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A SIGKILL in the middle ends the re-executed process, and the programs inside the hosts, which hold the pipe open.
func TestKillLeavesNothing(t *testing.T) {
	home := newLab(t, Config{}).Client
	for name, prepare := range map[string]func(*testing.T, *exec.Cmd){
		"as it is":      func(*testing.T, *exec.Cmd) {},
		"ordinary user": asOrdinaryUser,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, "hold")
			prepare(t, cmd)
			stdout := start(t, home, cmd)
			waitLine(t, stdout, "ready")
			cmd.Process.Kill()
			if rest, err := io.ReadAll(stdout); err != nil || len(rest) > 0 {
				t.Errorf("output after the kill = %q, %v, want none", rest, err)
			}
			cmd.Wait()
			checkUntouched(t, home)
		})
	}
}

func TestCloseKillsPrograms(t *testing.T) {
	home := newLab(t, Config{}).Client
	cmd := child(t, "hold")
	stdout := start(t, home, cmd)
	waitLine(t, stdout, "ready")
	cmd.Process.Signal(syscall.SIGTERM)
	if rest, _ := io.ReadAll(stdout); string(rest) != "closed\n" {
		t.Errorf("output after SIGTERM = %q, want %q", rest, "closed\n")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v, want none", err)
	}
}

// The end of the context reaches the program in the user namespace as SIGTERM, and its exit code comes back.
func TestReexecPassesCancellation(t *testing.T) {
	home := newLab(t, Config{}).Client
	cmd := child(t, "signal")
	asOrdinaryUser(t, cmd)
	stdout := start(t, home, cmd)
	waitLine(t, stdout, "ready")
	cmd.Process.Signal(syscall.SIGTERM)
	if rest, _ := io.ReadAll(stdout); string(rest) != "cleaned up\n" {
		t.Errorf("output after SIGTERM = %q, want %q", rest, "cleaned up\n")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v, want none", err)
	}
}

func TestReexecReturnsExitCode(t *testing.T) {
	requireNamespaces(t)
	cmd := child(t, "exit7")
	asOrdinaryUser(t, cmd)
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 7 {
		t.Errorf("exit: %v, want status 7", err)
	}
}

func TestReexecNotNeeded(t *testing.T) {
	if err := tryNamespace(); err != nil {
		t.Skipf("needs CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW: %v", err)
	}
	code, done, err := Reexec(t.Context(), nil, nil, nil, nil)
	if code != 0 || done || err != nil {
		t.Errorf("Reexec = %d, %t, %v, want 0, false, nil", code, done, err)
	}
	if err := Check(); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
}

// Root of a container may lack the capability: a user namespace of its own has it.
func TestRootWithoutCapability(t *testing.T) {
	requireNamespaces(t)
	setpriv, err := exec.LookPath("setpriv")
	if err != nil || os.Getenv(inUserNamespace) != "" || os.Geteuid() != 0 {
		t.Skip("needs root and setpriv")
	}
	cmd := child(t, "story")
	cmd.Path, cmd.Args = setpriv, []string{"setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all", "/proc/self/exe"}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args[len(cmd.Args)-1] = exe
	got, err := cmd.Output()
	if err != nil || string(got) != story {
		t.Errorf("story = %s, %v, want %s", got, err, story)
	}
}

// The setting is one of each user namespace: it is turned off in a child's and never touched outside.
func TestForbiddenByLimit(t *testing.T) {
	requireNamespaces(t)
	for name, want := range map[string]string{
		"nouserns": "user.max_user_namespaces=0",
		"nonetns":  "user.max_net_namespaces=0",
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, name)
			asOrdinaryUser(t, cmd)
			got, err := cmd.Output()
			if err == nil {
				t.Errorf("exit: nil, want an error")
			}
			for line := range strings.Lines(string(got)) {
				if !strings.Contains(line, want) || !strings.Contains(line, ErrForbidden.Error()) {
					t.Errorf("error = %q, want one that names %s", line, want)
				}
			}
			if len(got) == 0 {
				t.Error("no error was printed")
			}
		})
	}
}

func TestForbiddenWithoutReexec(t *testing.T) {
	cmd := child(t, "new")
	asOrdinaryUser(t, cmd)
	got, err := cmd.Output()
	if err == nil || !strings.Contains(string(got), ErrForbidden.Error()) {
		t.Errorf("New = %q, %v, want an error saying %q", got, err, ErrForbidden)
	}
}

// A user namespace without capabilities, as AppArmor makes it, ends in an error and not in another user namespace.
func TestReexecEndsWithoutPower(t *testing.T) {
	cmd := child(t, "powerless")
	asOrdinaryUser(t, cmd)
	got, err := cmd.Output()
	if err == nil || !strings.HasPrefix(string(got), "done true\n") || !strings.Contains(string(got), ErrForbidden.Error()) {
		t.Errorf("Reexec = %q, %v, want done and an error saying %q", got, err, ErrForbidden)
	}
}

func TestReexecCancelled(t *testing.T) {
	requireNamespaces(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runLocked(userNamespaceCommand(ctx, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}

func start(t *testing.T, home *Host, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := home.Start(cmd); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(pipe)
}

func waitLine(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	got, err := r.ReadString('\n')
	if err != nil || strings.TrimSpace(got) != want {
		t.Fatalf("line = %q, %v, want %q", got, err, want)
	}
}
