package endpoint_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
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
