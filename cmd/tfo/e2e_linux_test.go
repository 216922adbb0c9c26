package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// e2eVariable makes the test binary be the program instead of its tests.
const e2eVariable = "TFO_TEST_IS_THE_PROGRAM"

// e2ePatience bounds whatever a test waits for. It is long because the machine
// may be busy; nothing takes it.
const e2ePatience = 30 * time.Second

// e2ePort is where the servers of the end-to-end tests listen.
const e2ePort = 8080

// e2eKey is the key of the servers of the end-to-end tests.
const e2eKey = "00112233-44556677-8899aabb-ccddeeff"

// TestMain lets a test start the program under test as a process of its own,
// and gives an ordinary user's tests a user namespace, as tfo lab does.
func TestMain(m *testing.M) {
	if os.Getenv(e2eVariable) != "" {
		main()
	}
	code, done, err := lab.Reexec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err != nil {
		// Those tests that need namespaces skip, and say why.
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !done {
		os.Setenv(e2eVariable, "1")
		parallel()
		code = m.Run()
	}
	os.Exit(code)
}

// parallel runs more tests at once than there are processors: most of them wait
// for a kernel's clock.
func parallel() {
	flag.Parse()
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		flag.Set("test.parallel", "6")
	}
}

// e2eNeed skips the test if a program is missing.
func e2eNeed(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs the program %s", name)
		}
	}
}

// An e2eLab is two hosts, or three, whose cable is watched. When the test ends
// every frame is judged: see judge.
type e2eLab struct {
	*lab.Lab
	t     *testing.T
	tap   *e2eTap
	cache string // the cookie cache of tfo connect
	// resets says that a kernel has reason to send resets here.
	resets bool
	// odd says that frames are wrong on purpose.
	odd bool
}

// e2eNewLab makes a lab, or skips the test where that is forbidden.
func e2eNewLab(t *testing.T, cfg lab.Config) *e2eLab {
	t.Helper()
	hosts, err := lab.New(t.Context(), cfg)
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hosts.Close)
	l := &e2eLab{Lab: hosts, t: t, cache: filepath.Join(t.TempDir(), "cookies.db")}
	l.tap = e2eOpenTap(t, hosts.Client, hosts.Client.Interface)
	t.Cleanup(func() { l.judge(l.tap.stop()) })
	return l
}

// server is where servers listen.
func (l *e2eLab) server(ipv6 bool, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(l.Server.Addr(ipv6), port)
}

// client is where servers on the client's host listen.
func (l *e2eLab) client(ipv6 bool, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(l.Client.Addr(ipv6), port)
}

// e2eFamilies runs a test for IPv4 and IPv6.
func e2eFamilies(t *testing.T, f func(t *testing.T, ipv6 bool)) {
	for _, ipv6 := range []bool{false, true} {
		t.Run(e2eFamily(ipv6), func(t *testing.T) {
			t.Parallel()
			f(t, ipv6)
		})
	}
}

func e2eFamily(ipv6 bool) string {
	if ipv6 {
		return "IPv6"
	}
	return "IPv4"
}

// An e2eRun is a command that has ended.
type e2eRun struct {
	args           []string
	code           int
	stdout, stderr string
}

func (r e2eRun) String() string {
	return fmt.Sprintf("tfo %s: exit code %d\nstdout: %s\nstderr: %s", strings.Join(r.args, " "), r.code, r.stdout, r.stderr)
}

// want fails the test unless the command ended with a code.
func (r e2eRun) want(t *testing.T, code int) e2eRun {
	t.Helper()
	if r.code != code {
		t.Fatalf("want exit code %d: %v", code, r)
	}
	return r
}

// e2eTfo runs a command in this process, in the namespace of a host; a nil
// host is the namespace of the test.
func e2eTfo(t *testing.T, host *lab.Host, args ...string) e2eRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), e2ePatience)
	defer cancel()
	r := e2eRun{args: args}
	var stdout, stderr bytes.Buffer
	do := func(ctx context.Context) error {
		r.code = run(ctx, args, strings.NewReader(""), &stdout, &stderr)
		return nil
	}
	if host == nil {
		do(ctx)
	} else if err := host.Run(ctx, do)(); err != nil {
		t.Fatal(err)
	}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	if ctx.Err() != nil {
		t.Fatalf("did not end: %v", r)
	}
	return r
}

// connect runs tfo connect --json on the client with the cache of the lab, and
// wants one connection.
func (l *e2eLab) connect(code int, args ...string) result {
	l.t.Helper()
	return e2eOne(l.t, e2eTfo(l.t, l.Client, l.connectArgs(args...)...).want(l.t, code))
}

func (l *e2eLab) connectArgs(args ...string) []string {
	return append([]string{"connect", "--json", "--cache", l.cache}, args...)
}

// e2eOne reads the output of a tfo connect --json that made one connection.
func e2eOne(t *testing.T, r e2eRun) result {
	t.Helper()
	lines := e2eResults(t, r.stdout)
	if len(lines) != 1 {
		t.Fatalf("%d lines, want 1: %v", len(lines), r)
	}
	return lines[0]
}

// e2eCookie asks tfo cookie make.
func e2eCookie(t *testing.T, scheme, key string, client, server netip.Addr) string {
	t.Helper()
	r := e2eTfo(t, nil, "cookie", "make", "--scheme", scheme, "--key", key, "--client", client.String(), "--server", server.String())
	return strings.TrimSpace(r.want(t, exitDone).stdout)
}

// An e2eBuffer is written by a command and read by a test meanwhile.
type e2eBuffer struct {
	mu    sync.Mutex
	grown sync.Cond
	text  []byte
	ended bool
}

func newE2eBuffer() *e2eBuffer {
	b := &e2eBuffer{}
	b.grown.L = &b.mu
	return b
}

func (b *e2eBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	b.grown.Broadcast()
	return len(p), nil
}

// end says that nothing will follow.
func (b *e2eBuffer) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.grown.Broadcast()
}

func (b *e2eBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// await waits for a text and reports whether it came.
func (b *e2eBuffer) await(text string) bool {
	timeout := time.AfterFunc(e2ePatience, b.end)
	defer timeout.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for !bytes.Contains(b.text, []byte(text)) {
		if b.ended {
			return false
		}
		b.grown.Wait()
	}
	return true
}

// An e2eProcess is the program in a process of its own.
type e2eProcess struct {
	*exec.Cmd
	stdout, stderr *e2eBuffer
	drain          func() // of a standard output that is not read; or nil
}

// e2eCommand is the program as a process that was not started yet.
func e2eCommand(args ...string) *e2eProcess {
	p := &e2eProcess{Cmd: exec.Command("/proc/self/exe", args...), stdout: newE2eBuffer(), stderr: newE2eBuffer()}
	p.Args[0] = "tfo"
	p.Stdout, p.Stderr = p.stdout, p.stderr
	// What the process leaves running may hold its outputs.
	p.WaitDelay = time.Second
	return p
}

// start starts the process in the namespace of a host.
func (p *e2eProcess) start(t *testing.T, host *lab.Host) *e2eProcess {
	t.Helper()
	if err := host.Start(p.Cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			p.Process.Kill()
			p.wait()
		}
	})
	return p
}

// wait waits for the end of the process.
func (p *e2eProcess) wait() e2eRun {
	watchdog := time.AfterFunc(e2ePatience, func() { p.Process.Kill() })
	defer watchdog.Stop()
	p.Wait()
	p.stdout.end()
	p.stderr.end()
	return e2eRun{args: p.Args[1:], code: p.ProcessState.ExitCode(), stdout: p.stdout.String(), stderr: p.stderr.String()}
}
