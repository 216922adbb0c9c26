package iptables

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// testGuardSilencesKernel: D-02, D-03, D-04. A SYN to a port without a socket gets a
// RST, except from exactly the covered address and port, while it is covered.
func testGuardSilencesKernel(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	tests := []struct{ covered, target, otherPort, otherAddr string }{
		{"127.0.0.1:4001", "127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.2:4001"},
		{"0.0.0.0:4003", "127.0.0.3:4003", "127.0.0.3:4004", "[::1]:4003"},
		{"[::1]:4001", "[::1]:4001", "[::1]:4002", "127.0.0.1:4001"},
		{"[::]:4003", "[::1]:4003", "[::1]:4004", "127.0.0.1:4003"},
	}
	for _, mode := range []Mode{ModeRST, ModeInbound} {
		for _, test := range tests {
			scope := Scope{Local: ap(test.covered), Mode: mode}
			wantRefused(t, netip.AddrPort{}, ap(test.target))
			add(t, g, scope)
			wantSilence(t, backend, Rule{scope, g.Tag()}, netip.AddrPort{}, ap(test.target))
			wantRefused(t, netip.AddrPort{}, ap(test.otherPort))
			wantRefused(t, netip.AddrPort{}, ap(test.otherAddr))
			if err := g.Remove(scope); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, netip.AddrPort{}, ap(test.target))
		}
	}
}

// testGuardRemote: a scope with a peer leaves every other peer its RST.
func testGuardRemote(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	for _, mode := range []Mode{ModeRST, ModeInbound} {
		for _, ends := range [][3]string{
			{"127.0.0.1:4001", "127.0.0.1:5001", "127.0.0.1:5002"},
			{"127.0.0.1:4002", "127.0.0.1:5003", "127.0.0.2:5003"},
			{"[::1]:4001", "[::1]:5001", "[::1]:5002"},
		} {
			local, peer, other := ap(ends[0]), ap(ends[1]), ap(ends[2])
			scope := Scope{Local: local, Remote: peer, Mode: mode}
			add(t, g, scope)
			wantRefused(t, other, local)
			wantSilence(t, backend, Rule{scope, g.Tag()}, peer, local)
			if err := g.Remove(scope); err != nil {
				t.Fatal(err)
			}
		}
		// The peers' sockets keep their ports while they send SYNs again.
		newNetNS(t)
		g = openTest(t, backend)
	}
}

// testInboundReachesPacketSocket: D-04, D-05. What ModeInbound drops is still seen by a
// packet socket that is bound to one protocol.
func testInboundReachesPacketSocket(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	scope := Scope{Local: ap("127.0.0.1:4001"), Mode: ModeInbound}
	add(t, g, scope)
	const ethPIPBigEndian = 0x0008
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, ethPIPBigEndian)
	if err != nil {
		t.Skipf("needs CAP_NET_RAW: %v", err)
	}
	defer unix.Close(fd)
	wantSilence(t, backend, Rule{scope, g.Tag()}, netip.AddrPort{}, scope.Local)
	frame := make([]byte, 128)
	n, _, err := unix.Recvfrom(fd, frame, 0)
	if err != nil || n < 40 || frame[9] != unix.IPPROTO_TCP || frame[20+offFlags] != 0x02 && frame[20+offFlags] != 0xc2 {
		t.Errorf("got % x, %v, want the SYN", frame[:max(n, 0)], err)
	}
}

func testGuardCountsReferences(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	scope := Scope{Local: ap("192.0.2.1:80")}
	mapped := Scope{Local: ap("[::ffff:192.0.2.1]:80")}
	add(t, g, scope)
	add(t, g, mapped)
	wantRules(t, backend, Rule{scope, g.Tag()})
	if err := g.Remove(scope); err != nil {
		t.Fatal(err)
	}
	wantRules(t, backend, Rule{scope, g.Tag()})
	if err := g.Remove(mapped); err != nil {
		t.Fatal(err)
	}
	wantRules(t, backend)
	if err := g.Remove(scope); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("Remove: got %v, want ErrNotInstalled", err)
	}
}

// testGuardClose: nothing of ours stays, everything of others does, and List finds
// each shape of rule while it is there.
func testGuardClose(t *testing.T, backend Backend) {
	other := openTest(t, backend)
	foreign := Scope{Local: ap("192.0.2.99:99")}
	add(t, other, foreign)

	g := openTest(t, backend)
	want := []Rule{{foreign, other.Tag()}}
	for _, scope := range scopes() {
		add(t, g, scope)
		want = append(want, Rule{scope, g.Tag()})
	}
	add(t, g, Scope{Local: ap("192.0.2.1:80"), Mode: ModeNone})
	wantRules(t, backend, want...)
	for _, r := range list(t, backend) {
		if r.Owner != OwnerAlive || r.Backend != backend {
			t.Errorf("%v: got %v, %v, want %v, %v", r.Scope, r.Owner, r.Backend, OwnerAlive, backend)
		}
	}
	for range 2 {
		if err := g.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	wantRules(t, backend, Rule{foreign, other.Tag()})
	if err := g.Add(foreign); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Add after Close: got %v, want net.ErrClosed", err)
	}
	if err := g.Remove(foreign); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Remove after Close: got %v, want net.ErrClosed", err)
	}
}

// testGuardSurvivesFlush: rules that somebody else deleted are no error.
func testGuardSurvivesFlush(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	a, b := Scope{Local: ap("192.0.2.1:80")}, Scope{Local: ap("192.0.2.1:81")}
	add(t, g, a)
	add(t, g, b)
	if backend == BackendIPTables {
		output(t, "iptables", "-F", "OUTPUT")
	} else {
		// The owner flag is what keeps others from deleting the table.
		output(t, needProgram(t, "nft"), "flush", "ruleset")
		wantRules(t, backend, Rule{a, g.Tag()}, Rule{b, g.Tag()})
	}
	if err := g.Remove(a); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestGuardRefusesBadScope(t *testing.T) {
	newNetNS(t)
	g := openTest(t, BackendAuto)
	if err := g.Add(Scope{}); !errors.Is(err, ErrScope) {
		t.Errorf("Add: got %v, want ErrScope", err)
	}
	if err := g.Remove(Scope{}); !errors.Is(err, ErrScope) {
		t.Errorf("Remove: got %v, want ErrScope", err)
	}
}

// testGuardFromOtherNamespace: a guard acts where it was opened.
func testGuardFromOtherNamespace(t *testing.T, backend Backend) {
	g := openTest(t, backend)
	a, b := Scope{Local: ap("192.0.2.1:80")}, Scope{Local: ap("[2001:db8::1]:80")}
	elsewhere(t, func() {
		add(t, g, a)
		add(t, g, b)
		if err := g.Remove(b); err != nil {
			t.Error(err)
		}
		wantRules(t, backend)
	})
	wantRules(t, backend, Rule{a, g.Tag()})
	elsewhere(t, func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	wantRules(t, backend)
}

// elsewhere runs fn on a thread in a namespace of its own.
func elsewhere(t *testing.T, fn func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		fn()
	})
	wg.Wait()
}

func TestGuardConcurrentUse(t *testing.T) {
	newNetNS(t)
	g := openTest(t, BackendAuto)
	var wg sync.WaitGroup
	for port := range uint16(8) {
		wg.Go(func() {
			scope := Scope{Local: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 4000+port)}
			if err := g.Add(scope); err != nil {
				t.Error(err)
			}
			if err := g.Remove(scope); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantRules(t, g.Backend())
}

// TestNothingLeft: with nf_tables the namespace is afterwards as it was before.
func TestNothingLeft(t *testing.T) {
	newNetNS(t)
	nft := needProgram(t, "nft")
	g := openTest(t, BackendNFT)
	for _, scope := range scopes() {
		add(t, g, scope)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(output(t, nft, "list", "ruleset")); got != "" {
		t.Errorf("got %s, want no rules, chains or tables", got)
	}
}

func TestOpenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
