package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
)

// e2eGone is how long after its death a process may have left something.
const e2eGone = 2 * time.Second

// e2eMark is in the environment of a process and of all that it starts.
const e2eMark = "TFO_TEST_MARK"

// An e2eMachine is a host that commands run on, with what is to be the same
// before and after.
type e2eMachine struct {
	*e2eLab
	host   *lab.Host
	mark   string
	before string
}

func e2eNewMachine(t *testing.T, l *e2eLab, host *lab.Host) *e2eMachine {
	t.Helper()
	e2eNeed(t, "ip", "nft")
	m := &e2eMachine{e2eLab: l, host: host, mark: fmt.Sprintf("%s=%d-%d", e2eMark, os.Getpid(), time.Now().UnixNano())}
	// The first rule that iptables adds makes its table, which stays.
	e2eSh(t, host, `for p in iptables ip6tables; do
		command -v $p >/dev/null && for c in "filter OUTPUT" "raw PREROUTING"; do
			$p -t ${c% *} -A ${c#* } -j ACCEPT && $p -t ${c% *} -D ${c#* } -j ACCEPT || true
		done || true
	done 2>/dev/null`)
	m.before = m.state(t)
	return m
}

// state lists what a process could leave on the host: names of namespaces,
// interfaces and rules.
func (m *e2eMachine) state(t *testing.T) string {
	t.Helper()
	return e2eSh(t, m.host, `ip netns list; ip -o link show; nft list ruleset
		for p in iptables ip6tables iptables-legacy ip6tables-legacy; do
			echo $p
			command -v $p >/dev/null && for t in filter raw; do $p -t $t -S || true; done || true
		done 2>/dev/null`)
}

// processes lists the running processes that the machine has started, and
// those that these have started.
func (m *e2eMachine) processes(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(environ, []byte(m.mark+"\x00")) {
			continue
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		all = append(all, strings.ReplaceAll(string(command), "\x00", " "))
	}
	return all
}

// wantClean fails the test unless the machine is soon as it was before.
func (m *e2eMachine) wantClean(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(e2eGone)
	for {
		state, processes := m.state(t), m.processes(t)
		if state == m.before && len(processes) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind after %v: processes %q, and\n%s\nwhere there was\n%s", e2eGone, processes, state, m.before)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// command is a process of the machine that was not started yet.
func (m *e2eMachine) command(args ...string) *e2eProcess {
	p := e2eCommand(args...)
	p.Env = append(os.Environ(), m.mark)
	return p
}

// A lab that runs to its end leaves nothing, whoever runs it.
func TestLeftoversLab(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{IPv6: true})
	m := e2eNewMachine(t, l, l.Client)
	for _, setup := range e2eLabSetups() {
		m.command(setup.args()...).start(t, m.host).wait().want(t, exitDone)
		m.wantClean(t)
	}
	if os.Getuid() != 0 || e2eInUserNamespace() {
		t.Skip("not as an ordinary user: needs CAP_SETUID to become uid 65534")
	}
	p := e2eAsNobody(t, m.command("lab"))
	p.Env = append(p.Env, m.mark)
	r := p.start(t, m.host).wait()
	if r.code == exitMissing {
		t.Skipf("not as an ordinary user: needs user namespaces: %s", r.stderr)
	}
	r.want(t, exitDone)
	m.wantClean(t)
}

// e2eSignals end a process. After SIGKILL it has no say.
var e2eSignals = []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}

// A lab that is ended in the middle of its story leaves nothing.
func TestLeftoversLabSignals(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{IPv6: true})
	m := e2eNewMachine(t, l, l.Client)
	for _, user := range []string{"root", "nobody"} {
		for _, sig := range e2eSignals {
			t.Run(user+"/"+unix.SignalName(sig), func(t *testing.T) {
				p := m.command("lab", "--json")
				if user == "nobody" {
					if os.Getuid() != 0 || e2eInUserNamespace() {
						t.Skip("needs CAP_SETUID to become uid 65534")
					}
					p = e2eAsNobody(t, p)
					p.Env = append(p.Env, m.mark)
				}
				told := m.stuck(t, p)
				if told == 0 {
					t.Skipf("needs user namespaces: %s", p.wait().stderr)
				}
				m.end(t, p, sig)
				m.wantClean(t)
			})
		}
	}
}

// stuck starts a process whose standard output is a pipe too small for what it
// has to tell, so that it hangs in the middle. It is drained when the process
// is to end by itself. It returns how much was told.
func (m *e2eMachine) stuck(t *testing.T, p *e2eProcess) (told int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	p.Stdout = w
	p.start(t, m.host)
	w.Close()
	told, _ = r.Read(make([]byte, 1))
	t.Cleanup(func() { io.Copy(io.Discard, r) })
	p.drain = func() { io.Copy(io.Discard, r) }
	return told
}

// end sends the signal and waits. The exit code tells who ended the process.
func (m *e2eMachine) end(t *testing.T, p *e2eProcess, sig syscall.Signal) e2eRun {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if p.drain != nil {
		go p.drain()
	}
	r := p.wait()
	if status := p.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() != (sig == syscall.SIGKILL) {
		t.Errorf("after %v: %v: %v", sig, p.ProcessState, r)
	}
	return r
}

// An e2eHolder is a command that holds guard rules until it is ended.
type e2eHolder struct {
	name string
	args func(l *e2eLab, port uint16) []string
	// begun is what it says when the rules are there.
	begun string
	code  int // after SIGINT and SIGTERM
}

var e2eHolders = []e2eHolder{
	{"listen", func(l *e2eLab, port uint16) []string {
		return []string{"listen", l.server(port%2 == 1, port).String()}
	}, "listening on", exitDone},
	{"listen with XDP", func(l *e2eLab, port uint16) []string {
		return []string{"listen", "--xdp", l.server(port%2 == 1, port).String()}
	}, "listening on", exitDone},
	{"listen everywhere", func(_ *e2eLab, port uint16) []string {
		return []string{"listen", ":" + strconv.Itoa(int(port))}
	}, "listening on", exitDone},
	{"connect", func(l *e2eLab, port uint16) []string {
		// The client of the lab has a server that never closes.
		return []string{"connect", "-v", "--cache", l.cache, "-d", "hello", l.client(port%2 == 1, e2ePort).String()}
	}, "  S. ", exitFailed},
	{"craft", func(l *e2eLab, port uint16) []string {
		return []string{
			"craft", "S 0:0(0) <mss 1460,FO>", "--src", l.server(false, port).String(), "--dst", l.client(false, e2ePort).String(),
			"--send", "--wait", "1m",
		}
	}, "> ", exitDone},
}

// Guard rules are gone when their process is, however it ended.
func TestLeftoversGuard(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"nft", "iptables"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			l := e2eNewLab(t, lab.Config{IPv6: true})
			l.resets = true // from the kernels, about what was left half open
			e2eNeedBackend(t, l.Server, backend)
			for _, ipv6 := range []bool{false, true} {
				e2eNeverCloses(t, l, l.client(ipv6, e2ePort))
			}
			m := e2eNewMachine(t, l, l.Server)
			port := uint16(9000)
			for _, holder := range e2eHolders {
				for _, mode := range []string{"rst", "inbound"} {
					for _, sig := range e2eSignals {
						port++
						t.Run(fmt.Sprintf("%s/%s/%s", holder.name, mode, unix.SignalName(sig)), func(t *testing.T) {
							args := append(holder.args(l, port), "--guard", mode, "--backend", backend)
							holder.run(t, m, sig, args)
						})
					}
				}
			}
		})
	}
}

func (h *e2eHolder) run(t *testing.T, m *e2eMachine, sig syscall.Signal, args []string) {
	if slices.Contains(args, "--xdp") && e2eInUserNamespace() {
		t.Skip("needs CAP_BPF outside of user namespaces")
	}
	p := m.command(args...).start(t, m.host)
	output := p.stderr
	if h.name == "craft" {
		output = p.stdout
	}
	if !output.await(h.begun) {
		t.Fatalf("did not begin: %v", p.wait())
	}
	if m.state(t) == m.before {
		t.Error("no guard rule while the process runs")
	}
	r := m.end(t, p, sig)
	if sig != syscall.SIGKILL && r.code != h.code {
		t.Errorf("after %v: want exit code %d: %v", sig, h.code, r)
	}
	m.wantClean(t)
}

// e2eNeedBackend skips the test where a backend of the guard does not work.
func e2eNeedBackend(t *testing.T, host *lab.Host, backend string) {
	t.Helper()
	r := e2eTfo(t, host, "guard", "list", "--backend", backend)
	if r.code == exitMissing {
		t.Skipf("needs a guard with %s: %s", backend, r.stderr)
	}
	r.want(t, exitDone)
}

// Two processes on one host: when one is killed, the rules of the other stay.
func TestLeftoversOfOne(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"nft", "iptables"} {
		t.Run(backend, func(t *testing.T) {
			l := e2eNewLab(t, lab.Config{})
			e2eNeedBackend(t, l.Server, backend)
			first := e2eNewMachine(t, l, l.Server)
			p := first.command("listen", l.server(false, e2ePort).String(), "--backend", backend).start(t, l.Server)
			if !p.stderr.await("listening on") {
				t.Fatal(p.wait())
			}
			second := e2eNewMachine(t, l, l.Server)
			q := second.command("listen", l.server(false, e2ePort+1).String(), "--backend", backend).start(t, l.Server)
			if !q.stderr.await("listening on") {
				t.Fatal(q.wait())
			}
			second.end(t, q, syscall.SIGKILL)
			second.wantClean(t)
			first.end(t, p, syscall.SIGTERM)
			first.wantClean(t)
		})
	}
}
