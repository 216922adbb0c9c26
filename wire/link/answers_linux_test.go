package link

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"tfocraft/wire"
)

// openAnswering opens a link that sends runs of short frames by the program.
func openAnswering(t *testing.T, h *host) *Packet {
	t.Helper()
	cfg := *onlyOurs
	cfg.Answers = true
	l := h.open("veth0", &cfg)
	if l.answers == nil {
		t.Skip("the kernel does not let us load the program (CAP_BPF)")
	}
	return l
}

// Runs of short frames of both families, between long ones and segments that are cut, all
// come in the order in which they were sent, with finished checksums.
func TestAnswersInOrder(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), openAnswering(t, peer)
	mac := macOf(near.MAC("veth0"))
	rng := rand.New(rand.NewPCG(1, 0))
	families := []struct {
		version int
		client  netip.AddrPort
		ours    netip.Addr
	}{{4, client4, ours4}, {6, client6, ours6}}
	for range 20 {
		var batch []Outgoing
		for len(batch) < 200 {
			n, f := rng.IntN(60), families[rng.IntN(2)]
			for range 1 + rng.IntN(40) {
				s := data(n)
				s.Seq = wire.Seq(len(batch))
				batch = append(batch, outgoing(AppendHeader(nil, mac, wire.MAC{2}, f.version), f.client, netip.AddrPortFrom(f.ours, ourPort), s, 1428))
			}
			if rng.IntN(2) == 0 {
				s := data(300 + rng.IntN(3000))
				s.Seq = wire.Seq(len(batch))
				batch = append(batch, outgoing(AppendHeader(nil, mac, wire.MAC{2}, f.version), f.client, netip.AddrPortFrom(f.ours, ourPort), s, 1428))
			}
		}
		writeSegments(t, out, batch...)
		for i := range batch {
			f, p := next(t, in)
			if want := batch[i].appendWhole(nil); p.TCP.Seq != wire.Seq(i) || len(want) <= shortFrame && !bytes.Equal(f.Data, want) {
				t.Fatalf("frame %d: got %x, want %x", i, f.Data, want)
			}
		}
	}
}

// An interface that is down or gone, and a link that is closed, have their errors there, too.
func TestAnswersErrors(t *testing.T) {
	near, peer := wired(t)
	out := openAnswering(t, peer)
	var run []Outgoing
	for range 2 * leastRun {
		run = append(run, outgoing(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), data(5), 1448))
	}
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "veth0"}}
	want := func(what string, target error) {
		t.Helper()
		if n, err := out.WriteSegments(run); n != 0 || !errors.Is(err, target) {
			t.Errorf("%s: got %d, %v, want %v", what, n, err, target)
		}
	}
	peer.Do(func() error { return netlink.LinkSetDown(veth) })
	want("down", syscall.ENETDOWN)
	peer.Do(func() error { return netlink.LinkSetUp(veth) })
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if n, err := out.WriteSegments(run); n == len(run) && err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("up again: got %d, %v", n, err)
		}
	}
	peer.Do(func() error { return netlink.LinkDel(veth) })
	want("gone", ErrGone)
	out.Close()
	want("closed", net.ErrClosed)
}
