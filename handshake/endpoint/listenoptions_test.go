package endpoint_test

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// The Fast Open of a listener changes while it listens: off, on with a key, on
// with another one. A connection that is pending counts against the new limit.
func TestSetFastOpen(t *testing.T) {
	s := newStepped(t)
	ln := s.listen(endpoint.ListenConfig{})
	port := uint16(5000)
	syn := func(option, want string) {
		t.Helper()
		port++
		s.remote = netip.AddrPortFrom(server4, port)
		s.in("S 0:5(5) <mss 1460"+option+">", "hello")
		s.want("S. 0:0(0) ack " + want + ">")
	}
	set := func(c handshake.GateConfig) {
		t.Helper()
		if err := ln.SetFastOpen(c); err != nil {
			t.Fatal(err)
		}
	}
	cookies := make([]string, 2)
	syn(",FO", "1 <mss 1460")
	for i := range cookies {
		keys := cookie.NewKeyring(cookie.RFC7413, cookie.Key{0: byte(i)})
		cookies[i] = keys.Mint(server4, client4).Hex()
		set(handshake.GateConfig{Enabled: true, Keyring: keys, MaxPending: 1 + i})
		syn(",FO", "1 <mss 1460,FO "+cookies[i]+",nop,nop")
		syn(",FO "+cookies[i], "6 <mss 1460")
		syn(",FO "+cookies[i], "1 <mss 1460") // too many are pending
	}
	set(handshake.GateConfig{Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, cookie.Key{0: 1})})
	syn(",FO "+cookies[0], "1 <mss 1460,FO "+cookies[1]+",nop,nop")

	if err := ln.SetFastOpen(handshake.GateConfig{Enabled: true}); !errors.Is(err, handshake.ErrNoKeyring) {
		t.Errorf("without a keyring: %v, want %v", err, handshake.ErrNoKeyring)
	}
	syn(",FO "+cookies[1], "6 <mss 1460")
	set(handshake.GateConfig{})
	syn(",FO "+cookies[1], "1 <mss 1460")
	ln.Close()
	if err := ln.SetFastOpen(handshake.GateConfig{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v, want %v", err, net.ErrClosed)
	}
}

// While a connection is left that a listener has accepted, another one can have its
// port if it says so, but not while the first one listens.
func TestReuseAddr(t *testing.T) {
	s := newStepped(t)
	lc := endpoint.ListenConfig{Stack: s.p.Stack(), ReuseAddr: true}
	first := s.listen(lc)
	if _, err := lc.Listen(t.Context(), "tcp", ":80"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("beside a listener: %v, want %v", err, syscall.EADDRINUSE)
	}
	s.in("S 0:0(0) <mss 1460>", "")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.in(". 1:1(0) ack 1", "")
	old := s.accept(first)
	first.Close()
	for _, reuse := range []bool{false, true} {
		lc.ReuseAddr = reuse
		ln, err := lc.Listen(t.Context(), "tcp", ":80")
		if !reuse {
			if !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("not asked for: %v, want %v", err, syscall.EADDRINUSE)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		s.in("P. 1:6(5) ack 1", "hello")
		s.tryRead(old, "hello")
		s.wait(time.Second)
		s.want(". 1:1(0) ack 6")
		s.remote = netip.AddrPortFrom(server4, 5001)
		s.in("S 0:0(0) <mss 1460>", "")
		s.want("S. 0:0(0) ack 1 <mss 1460>")
		s.in(". 1:1(0) ack 1", "")
		c := s.accept(ln)
		ln.Close()
		old.Abort()
		c.Abort()
		s.wait(0)
	}
	lc.ReuseAddr = false
	s.listen(lc) // nothing is left of the claim
}
