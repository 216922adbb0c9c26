package iptables

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// guardEnv makes the test binary hold a guard instead of testing: it names the backend.
const guardEnv = "TFOCRAFT_TEST_GUARD"

// unownedNFT is nf_tables without the owner flag, as before Linux 5.12.
const unownedNFT = "nft-unowned"

func TestMain(m *testing.M) {
	// The race detector would keep every process of ours for a second after its end.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if backend := os.Getenv(guardEnv); backend != "" {
		if err := holdGuard(backend); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// holdGuard holds a guard until this process is killed, or its standard input ends.
func holdGuard(backend string) error {
	g, err := guardOf(backend)
	if err != nil {
		return err
	}
	for _, scope := range scopes() {
		if err := g.Add(scope); err != nil {
			return err
		}
	}
	fmt.Println("ready", g.Tag())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return g.Close()
}

func guardOf(backend string) (*Guard, error) {
	if backend == unownedNFT {
		return openGuard(BackendStatus{Backend: BackendNFT}, Config{}.withDefaults())
	}
	b, err := ParseBackend(backend)
	if err != nil {
		return nil, err
	}
	return Open(context.Background(), Config{Backend: b})
}

// guardProcess is a process that runs holdGuard in the test's namespace.
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
	cmd := exec.Command(self)
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
