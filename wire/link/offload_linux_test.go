package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// Over veth nobody cuts, and nobody finishes a checksum (D-16); what is short leaves
// finished.
func TestSegmentsUncut(t *testing.T) { eachWay(t, testSegmentsUncut) }

func testSegmentsUncut(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	if got := out.MaxPayload(); got != maxPayload {
		t.Fatalf("longest payload: got %d, want %d", got, maxPayload)
	}
	for name, o := range outgoings(macOf(near.MAC("veth0"))) {
		writeSegments(t, out, o)
		f, _ := next(t, in)
		want, partial := append(bytes.Clone(o.Header), o.Payload...), true
		if len(want) <= shortFrame {
			want, partial = o.appendWhole(nil), false
		}
		if f.Partial != partial || !bytes.Equal(f.Data, want) {
			t.Errorf("%s: got %d bytes, partial %v, want the %d that were sent, partial %v", name, len(f.Data), f.Partial, len(want), partial)
		}
	}
}

// What Linux cuts and finishes where the device does not is what AppendFrames
// makes, byte by byte, IPv4 IDs included: each is one higher (D-17).
func TestSegmentsCutByKernel(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	peer.DisableOffload("veth0")
	for name, o := range outgoings(macOf(near.MAC("veth0"))) {
		writeSegments(t, out, o)
		for i, want := range o.cut() {
			if f, _ := next(t, in); !f.NeedsVerify() || !bytes.Equal(f.Data, want) {
				t.Fatalf("%s, frame %d: got %x, verify %v, want %x", name, i, f.Data, f.NeedsVerify(), want)
			}
		}
	}
	// There was no frame too many.
	last := outgoings(macOf(near.MAC("veth0")))["one, IPv6"]
	writeSegments(t, out, last)
	if _, p := next(t, in); len(p.TCP.Payload) != len(last.Payload) {
		t.Errorf("got one more segment: %+v", p)
	}
}

// A kernel's TCP takes what is sent in one piece, over a device that cuts and
// one that does not.
func TestSegmentsToKernelPeer(t *testing.T) {
	withKernelPeer(t, func(t *testing.T, l *Packet, to kernelPeer) {
		write(t, l, to.segment(syn()))
		_, p := wantSynAck(t, l, to.remote, to.local)
		s := wire.Segment{Seq: 1001, Ack: p.TCP.Seq.Add(1), Flags: wire.ACK, Window: 65535}
		write(t, l, to.segment(s))
		conn, err := to.listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		s.Flags |= wire.FIN | wire.PSH
		s.Payload = stream(20000)
		writeSegments(t, l, outgoing(to.header, to.local, to.remote, s, 1400))
		got, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(got, s.Payload) {
			t.Errorf("got %d bytes, %v, want the %d that were sent", len(got), err, len(s.Payload))
		}
	})
}

func TestSegmentsErrors(t *testing.T) {
	near, peer := wired(t)
	l := near.open("veth0", onlyOurs)
	wantRefusals(t, l)
	good := outgoings(macOf(peer.MAC("veth0")))["IPv4"]
	veth := near.Link("veth0")
	near.Do(func() error { return netlink.LinkSetDown(veth) })
	if n, err := l.WriteSegments([]Outgoing{good}); n != 0 || !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("down: got %d, %v, want %v", n, err, unix.ENETDOWN)
	}
	near.Do(func() error { return netlink.LinkSetUp(veth) })
	writeSegments(t, l, good)
	near.Do(func() error { return netlink.LinkDel(veth) })
	if n, err := l.WriteSegments([]Outgoing{good}); n != 0 || !errors.Is(err, ErrGone) {
		t.Errorf("removed: got %d, %v, want %v", n, err, ErrGone)
	}
	l.Close()
	if n, err := l.WriteSegments([]Outgoing{good}); n != 0 || err != net.ErrClosed {
		t.Errorf("closed: got %d, %v, want %v", n, err, net.ErrClosed)
	}
}

// More than one system call takes goes out in order.
func TestManySegments(t *testing.T) { eachWay(t, testManySegments) }

func testManySegments(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	var batch []Outgoing
	for i := range 3 * sendBatch / 2 {
		s := data(3000)
		s.Seq = wire.Seq(i)
		batch = append(batch, outgoing(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s, 1448))
	}
	writeSegments(t, out, batch...)
	for i := range batch {
		if _, p := next(t, in); p.TCP.Seq != wire.Seq(i) || len(p.TCP.Payload) != 3000 {
			t.Fatalf("got %d bytes at %d, want 3000 at %d", len(p.TCP.Payload), p.TCP.Seq, i)
		}
	}
}

func TestPacketCannotOffload(t *testing.T) {
	near, _ := wired(t)
	near.tun("tun0")
	for name, cfg := range map[string]*Config{"lo": nil, "tun0": nil, "veth0": {Tap: true}} {
		t.Run(name, func(t *testing.T) { wantCannot(t, near.open(name, cfg)) })
	}
}

func TestSegmentsAllocateNothing(t *testing.T) { eachWay(t, testSegmentsAllocateNothing) }

func testSegmentsAllocateNothing(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	sent := []Outgoing{outgoings(mac)["longest"], outgoings(mac)["one, IPv6"]}
	batch := make([]Frame, len(sent))
	n := testing.AllocsPerRun(100, func() {
		writeSegments(t, out, sent...)
		for got := 0; got < len(sent); {
			n, err := in.ReadFrames(batch)
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
	})
	if n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
