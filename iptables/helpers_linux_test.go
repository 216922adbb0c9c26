package iptables

import (
	"fmt"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// newNetNS moves the test into a network namespace of its own, with lo up. The test's
// thread is never unlocked, and so ends with the test, and the namespace with it.
func newNetNS(t *testing.T) {
	t.Helper()
	if !hasNetAdmin() {
		t.Skip("needs CAP_NET_ADMIN")
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		t.Skipf("needs CAP_SYS_ADMIN to make a network namespace: %v", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		t.Fatal(err)
	}
}

// output runs a program on this thread, and so in its namespace.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// needProgram skips a test without the program.
func needProgram(t *testing.T, name string) string {
	t.Helper()
	path := findProgram(name)
	if path == "" {
		t.Skipf("needs the program %s", name)
	}
	return path
}

func openTest(t *testing.T, backend Backend) *Guard {
	t.Helper()
	g, err := Open(t.Context(), Config{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return g
}

func add(t *testing.T, g *Guard, scope Scope) {
	t.Helper()
	if err := g.Add(scope); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, backend Backend) []Installed {
	t.Helper()
	rules, err := List(t.Context(), backend)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// wantRules compares what is installed, in any order.
func wantRules(t *testing.T, backend Backend, want ...Rule) {
	t.Helper()
	installed := list(t, backend)
	count := map[Rule]int{}
	for _, r := range installed {
		count[r.Rule]++
	}
	for _, r := range want {
		count[r]--
	}
	for r, n := range count {
		if n != 0 {
			t.Errorf("rule %v %v: got %d more than wanted; installed: %+v", r.Scope, r.Tag, n, installed)
		}
	}
}

// eventually waits for the kernel or another process, for at most 15 s.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: still not after 15 s", what)
		}
	}
}

// dial is a kernel TCP socket that was told to connect and does not block.
type dial struct{ fd int }

// startDial sends the kernel's SYN from local, whose address may be unspecified.
func startDial(t *testing.T, local, remote netip.AddrPort) dial {
	t.Helper()
	family := unix.AF_INET6
	if remote.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if local.IsValid() {
		if err := unix.Bind(fd, sockaddr(local)); err != nil {
			t.Fatalf("bind %v: %v", local, err)
		}
	}
	// On lo the answer may come within the call.
	if err := unix.Connect(fd, sockaddr(remote)); err != nil && err != unix.EINPROGRESS && err != unix.ECONNREFUSED {
		t.Fatalf("connect %v: %v", remote, err)
	}
	return dial{fd: fd}
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// TCP states as in struct tcp_info.
const (
	tcpSynSent = 2
	tcpClose   = 7
)

func (d dial) state(t *testing.T) int {
	t.Helper()
	info, err := unix.GetsockoptTCPInfo(d.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.State)
}

// wantRefused waits until the RST has reached the socket.
func wantRefused(t *testing.T, local, remote netip.AddrPort) {
	t.Helper()
	d := startDial(t, local, remote)
	eventually(t, fmt.Sprintf("RST from %v", remote), func() bool { return d.state(t) == tcpClose })
}

// wantSilence waits until the rule has dropped a packet, and checks that nothing reached
// the socket.
func wantSilence(t *testing.T, backend Backend, rule Rule, local, remote netip.AddrPort) {
	t.Helper()
	before := packets(t, backend, rule)
	d := startDial(t, local, remote)
	eventually(t, "packet counter of "+rule.Scope.String(), func() bool { return packets(t, backend, rule) > before })
	if got := d.state(t); got != tcpSynSent {
		t.Errorf("connect %v: got state %d, want %d (SYN-SENT)", remote, got, tcpSynSent)
	}
}

func packets(t *testing.T, backend Backend, rule Rule) uint64 {
	t.Helper()
	for _, r := range list(t, backend) {
		if r.Rule == rule {
			return r.Packets
		}
	}
	t.Fatalf("rule %v is not installed", rule.Scope)
	return 0
}
