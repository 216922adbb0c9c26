package endpoint_test

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// looking is for a stack that takes frames from the driver, for as long as a test takes.
var looking = endpoint.Config{XDP: true, BusyPoll: time.Second}

// hasXDP reports whether there is a program on an interface.
func (h *host) hasXDP(ifname string) bool {
	x := h.Link(ifname).Attrs().Xdp
	return x != nil && x.Attached
}

// Our client and Linux's server, and as many bytes both ways as make long segments and short ones, which come by different
// ways.
func TestXDPDialKernel(t *testing.T) {
	near, far := wired(t)
	s := near.openWith("veth0", looking)
	for _, address := range []string{address4, address6} {
		go serveKernel(far.listen(t, address))
		d := dialTwice(t, s, address)
		c, err := d.DialContext(t.Context(), "tcp", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		shout(t, c)
	}
	if !near.hasXDP("veth0") {
		t.Error("there is no program on the interface")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if near.hasXDP("veth0") {
		t.Error("the program is left")
	}
}

// Linux's client and our server.
func TestXDPListenKernel(t *testing.T) {
	near, far := wired(t)
	s := near.openWith("veth0", looking)
	lc := endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}
	ln, err := lc.Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	go echo(ln)
	for _, remote := range []netip.AddrPort{netip.AddrPortFrom(client4, 80), netip.AddrPortFrom(client6, 80)} {
		for range 100 {
			if got, err := far.ask(remote, "hello"); got != "HELLO" || err != nil {
				t.Fatalf("%v: got %q, %v; want %q", remote, got, err, "HELLO")
			}
		}
		far.Do(func() error {
			c, err := net.Dial("tcp", remote.String())
			if err == nil {
				shout(t, c.(*net.TCPConn))
			}
			return err
		})
	}
	if c := s.Counters(); c.TCPFastOpenCookieReqd != 2 || c.TCPFastOpenPassive != 198 {
		t.Errorf("%d requests and %d cookies came, want 2 and 198", c.TCPFastOpenCookieReqd, c.TCPFastOpenPassive)
	}
}

// A stack with so many connections that its link lets in whatever port they could have takes the segments of these alone: others
// from such ports are the kernel's.
func TestXDPBesideKernel(t *testing.T) {
	near, far := wired(t)
	s := near.openWith("veth0", looking)
	go serveKernel(far.listen(t, address4))
	beside := near.link("veth0", nil)
	var ours []net.Conn
	for range 40 {
		d := endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
		c, err := d.DialContext(t.Context(), "tcp", address4, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ours = append(ours, c)
	}
	for i, c := range ours {
		if _, err := c.Write([]byte("hello")); err != nil { // keeps the stack looking
			t.Fatal(err)
		}
		near.Do(func() error {
			theirs, err := net.DialTimeout("tcp", address4, 500*time.Millisecond)
			if err != nil {
				return fmt.Errorf("connection %d of the kernel: %w", i, err)
			}
			return theirs.Close()
		})
	}
	ports := make(map[uint16]bool)
	for _, c := range ours {
		ports[c.LocalAddr().(*net.TCPAddr).AddrPort().Port()] = true
	}
	wantFromDriver(t, s, beside, func(p wire.Packet) bool { return ports[p.TCP.DstPort] })
}

// wantFromDriver fails the test if a link beside a stack has seen all of its segments.
func wantFromDriver(t *testing.T, s *endpoint.Stack, beside *link.Packet, of func(p wire.Packet) bool) {
	t.Helper()
	frames := make([]link.Frame, 1000)
	n, err := beside.Poll(frames)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range frames[:n] {
		if p, err := wire.ParseFrame(f.Data); err == nil && of(p) {
			seen++
		}
	}
	if all := int(s.Counters().InSegs); seen >= all {
		t.Errorf("a link beside has seen %d of %d segments: none was taken from the driver", seen, all)
	}
}

// A port at one address of ours leaves the other ones to the kernel.
func TestXDPBesideKernelServer(t *testing.T) {
	near, far := wired(t)
	s := near.openWith("veth0", looking)
	lc := endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}
	ours, theirs := netip.AddrPortFrom(client4, 80), netip.AddrPortFrom(client6, 80)
	ln, err := lc.Listen(t.Context(), "tcp", ours.String())
	if err != nil {
		t.Fatal(err)
	}
	go echo(ln)
	go serveKernel(near.listen(t, theirs.String()))
	beside := near.link("veth0", nil)
	for range 40 {
		if got, err := far.ask(ours, "hello"); got != "HELLO" || err != nil {
			t.Fatalf("ours: got %q, %v; want %q", got, err, "HELLO")
		}
		far.Do(func() error {
			c, err := net.DialTimeout("tcp", theirs.String(), 500*time.Millisecond)
			if err != nil {
				return err
			}
			return c.Close()
		})
	}
	wantFromDriver(t, s, beside, func(p wire.Packet) bool { return p.Dst() == ours })
}

// link opens a link on an interface of the host.
func (h *host) link(ifname string, f *link.Filter) *link.Packet {
	h.t.Helper()
	var l *link.Packet
	h.Do(func() (err error) {
		l, err = link.Open(ifname, &link.Config{Filter: f})
		return err
	})
	h.t.Cleanup(func() { l.Close() })
	return l
}
