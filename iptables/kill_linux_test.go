package iptables

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// guardEnv holds the backend of a test process that holds a guard, see TestGuardProcess.
const guardEnv = "TFOCRAFT_TEST_GUARD"

// unownedNFT is nf_tables without the owner flag, as before Linux 5.12.
const unownedNFT = "nft-unowned"

// TestGuardProcess is not a test but a process that holds a guard until it is killed, or
// until its standard input ends.
func TestGuardProcess(t *testing.T) {
	backend := os.Getenv(guardEnv)
	if backend == "" {
		t.Skip("run by other tests as a process of its own")
	}
	g, err := guardOf(t, backend)
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range scopes() {
		if err := g.Add(scope); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("ready", g.Tag())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

func guardOf(t *testing.T, backend string) (*Guard, error) {
	if backend == unownedNFT {
		return openGuard(BackendStatus{Backend: BackendNFT}, Config{}.withDefaults())
	}
	b, err := ParseBackend(backend)
	if err != nil {
		return nil, err
	}
	return Open(t.Context(), Config{Backend: b})
}

// guardProcess is a running TestGuardProcess in the test's namespace.
type guardProcess struct {
	cmd   *exec.Cmd
	stdin io.Closer
	tag   Tag
}

func startGuardProcess(t *testing.T, backend string, attr *syscall.SysProcAttr) *guardProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestGuardProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), guardEnv+"="+backend)
	cmd.SysProcAttr = attr
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("needs the right to start %v: %v", attr, err)
	}
	p := &guardProcess{cmd: cmd, stdin: stdin}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var said []string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		said = append(said, lines.Text())
		if text, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			if p.tag, err = ParseTag(text); err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	t.Fatalf("guard process failed: %s", strings.Join(said, "\n"))
	return nil
}

func (p *guardProcess) rules() []Rule {
	var rules []Rule
	for _, scope := range scopes() {
		rules = append(rules, Rule{scope, p.tag})
	}
	return rules
}

// TestKilledProcessLeavesNothing: D-12.
func TestKilledProcessLeavesNothing(t *testing.T) {
	eachVariant(t, func(t *testing.T, backend Backend) {
		stays := openTest(t, backend)
		scope := Scope{Local: ap("192.0.2.99:99")}
		add(t, stays, scope)
		p := startGuardProcess(t, backend.String(), nil)
		wantRules(t, backend, append(p.rules(), Rule{scope, stays.Tag()})...)
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "rules of a killed process gone", func() bool { return len(list(t, backend)) == 1 })
		wantRules(t, backend, Rule{scope, stays.Tag()})
	})
}

func TestKilledProcessWithoutOwnerFlag(t *testing.T) {
	newNetNS(t)
	nft := needProgram(t, "nft")
	p := startGuardProcess(t, unownedNFT, nil)
	wantRules(t, BackendNFT, p.rules()...)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "table of a killed process gone", func() bool { return output(t, nft, "list", "ruleset") == "" })
}

// TestWatcherIgnoresSignals: what ends a whole process group or session does not
// end the watcher before its work is done.
func TestWatcherIgnoresSignals(t *testing.T) {
	v := variants()[1]
	newNetNS(t)
	v.use(t)
	g := openTest(t, v.backend)
	add(t, g, Scope{Local: ap("192.0.2.1:80")})
	watcher := g.engine.(*iptEngine).watcher
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		// The second place is read after the signal was dealt with.
		if err := watcher.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	add(t, g, Scope{Local: ap("192.0.2.1:80"), Mode: ModeInbound})
	watcher.pipe.Close() // what the kernel does when this process is killed
	eventually(t, "rules gone", func() bool { return len(list(t, v.backend)) == 0 })
	watcher.stop(false)
	g.engine = nil
}

// TestOrderlyEnd: a process that closes its guard leaves no watcher working behind it.
func TestOrderlyEnd(t *testing.T) {
	eachVariant(t, func(t *testing.T, backend Backend) {
		p := startGuardProcess(t, backend.String(), nil)
		p.stdin.Close()
		if err := p.cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		wantRules(t, backend)
	})
}

// TestUserNamespace: nf_tables serves somebody who is root in a user namespace only.
func TestUserNamespace(t *testing.T) {
	newNetNS(t)
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	p := startGuardProcess(t, BackendAuto.String(), attr)
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
