package socket

import (
	"net/netip"
	"testing"

	"tfocraft/wire"
)

// A second listen changes how many connections may wait, one more than it says; those
// that wait already stay. As in Linux 6.18.
func TestListenAgain(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	b.want(b.host.Bind(fd, netip.AddrPortFrom(hostAddr, 7000)), 0, "")
	port := uint16(0)
	try := func(want bool) {
		t.Helper()
		port++
		from, to := netip.AddrPortFrom(farAddr, port), netip.AddrPortFrom(hostAddr, 7000)
		b.input(from, to, wire.Segment{SrcPort: port, DstPort: 7000, Flags: wire.SYN, Window: 1000})
		answered := b.last().TCP.DstPort == port
		if answered {
			b.answer(". 0:0(0) ack 1 win 1000")
		}
		if answered != want {
			t.Errorf("connection %d: answered: %v, want %v", port, answered, want)
		}
	}
	for _, step := range []struct {
		backlog  int
		answered []bool
	}{{0, []bool{true, false}}, {1, []bool{true, false}}, {0, []bool{false}}, {-1, []bool{true, true}}} {
		b.want(b.host.Listen(fd, step.backlog), 0, "")
		for _, want := range step.answered {
			try(want)
		}
	}
	for range 4 {
		if r, _ := b.host.Accept(fd, 0)(); r.Errno != "" {
			t.Errorf("accept: %v", r)
		}
	}
	b.want(b.host.Accept(fd, 0), -1, EAGAIN)
}
