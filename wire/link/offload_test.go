package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/wire"
)

// stream returns n bytes in which no two places nearby look alike.
func stream(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.BigEndian.AppendUint32(b, uint32(len(b))*2654435761)
	}
	return b[:n]
}

// outgoing returns what makes segments of the given size out of s, which has
// the whole payload.
func outgoing(ethernet []byte, src, dst netip.AddrPort, s wire.Segment, size int) Outgoing {
	p := wire.NewPacket(src, dst, s)
	p.SetLengths()
	p.IPv4.ID = 0xfffe // the numbers go round
	p.SetChecksums()
	p.TCP.Checksum = wire.PseudoHeader(src.Addr(), dst.Addr(), wire.ProtocolTCP, p.TCP.WireLen()).Fold()
	p.TCP.Payload = nil
	header := p.Append(bytes.Clone(ethernet))
	return Outgoing{
		Header:      header,
		Transport:   len(header) - p.TCP.WireLen(),
		Payload:     s.Payload,
		SegmentSize: size,
	}
}

// data is a segment with options and all the flags that cutting touches.
func data(n int) wire.Segment {
	return wire.Segment{
		Seq: 0xffffff00, Ack: 77, Flags: wire.ACK | wire.PSH | wire.FIN | wire.CWR | wire.ECE, Window: 1000,
		Options: wire.Options{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2},
		Payload: stream(n),
	}
}

// outgoings returns runs of every kind, to this hardware address.
func outgoings(to wire.MAC) map[string]Outgoing {
	four := AppendHeader(nil, to, wire.MAC{2}, 4)
	six := AppendHeader(nil, to, wire.MAC{2}, 6)
	tagged := wire.Ethernet{Dst: to, Src: wire.MAC{2}, NumTags: 1, Tags: [2]wire.VLANTag{{Protocol: wire.EtherTypeVLAN, Control: 5}}, EtherType: wire.EtherTypeIPv4}
	to4, to6 := netip.AddrPortFrom(ours4, ourPort), netip.AddrPortFrom(ours6, ourPort)
	return map[string]Outgoing{
		"IPv4":              outgoing(four, client4, to4, data(10000), 1448),
		"IPv6":              outgoing(six, client6, to6, data(10000), 1428),
		"odd size":          outgoing(four, client4, to4, data(1000), 333),
		"odd size, IPv6":    outgoing(six, client6, to6, data(1001), 111),
		"tagged":            outgoing(tagged.Append(nil), client4, to4, data(5000), 1448),
		"even cut":          outgoing(four, client4, to4, data(2896), 1448),
		"longest":           outgoing(four, client4, to4, data(maxPayload), 1448),
		"longest, IPv6":     outgoing(six, client6, to6, data(maxPayload), 1428),
		"one segment":       outgoing(four, client4, to4, data(1448), 1448),
		"one, size 0":       outgoing(four, client4, to4, data(99), 0),
		"one, IPv6":         outgoing(six, client6, to6, data(99), 1428),
		"without a payload": outgoing(four, client4, to4, data(0), 1448),
	}
}

func (o *Outgoing) cut() [][]byte {
	frames, _ := o.AppendFrames(nil, nil)
	return frames
}

func TestAppendFrames(t *testing.T) {
	for name, o := range outgoings(wire.MAC{4}) {
		t.Run(name, func(t *testing.T) {
			frames := o.cut()
			if len(frames) != o.Segments() {
				t.Errorf("got %d frames, want %d", len(frames), o.Segments())
			}
			var got []byte
			for i, frame := range frames {
				wantSegmentOf(t, &o, frame, i, len(got))
				p, _ := wire.ParseFrame(frame)
				got = append(got, p.TCP.Payload...)
			}
			if !bytes.Equal(got, o.Payload) {
				t.Error("payload differs")
			}
		})
	}
}

// wantSegmentOf checks segment i of o, which begins after so many bytes. The
// reference is a packet that was made for it alone.
func wantSegmentOf(t *testing.T, o *Outgoing, frame []byte, i, at int) {
	t.Helper()
	want, err := wire.ParseFrame(append(bytes.Clone(o.Header), o.Payload...))
	if err != nil {
		t.Fatal(err)
	}
	size := len(o.Payload)
	if o.SegmentSize > 0 {
		size = min(o.SegmentSize, len(o.Payload)-at)
	}
	want.TCP.Payload = o.Payload[at : at+size]
	want.TCP.Seq = want.TCP.Seq.Add(at)
	if at > 0 {
		want.TCP.Flags &^= wire.CWR
	}
	if at+size < len(o.Payload) {
		want.TCP.Flags &^= wire.FIN | wire.PSH
	}
	want.IPv4.ID += uint16(i)
	want.SetLengths()
	want.SetChecksums()
	if want := want.Append(nil); !bytes.Equal(frame, want) {
		t.Errorf("segment %d: got %x, want %x", i, frame, want)
	}
}

// What is there stays, and full buffers grow without a frame being lost.
func TestAppendFramesAppends(t *testing.T) {
	o := outgoings(wire.MAC{})["odd size"]
	want := o.cut()
	frames, buf := o.AppendFrames([][]byte{{1}}, []byte("kept"))
	frames, buf = o.AppendFrames(frames, buf)
	if !bytes.HasPrefix(buf, []byte("kept")) || len(frames) != 1+2*len(want) {
		t.Fatalf("got %d frames behind %q, want %d", len(frames), buf[:4], 1+2*len(want))
	}
	for i, frame := range frames[1:] {
		if !bytes.Equal(frame, want[i%len(want)]) {
			t.Errorf("frame %d: got %x, want %x", i, frame, want[i%len(want)])
		}
	}
	_ = append(frames[1], "more"...)
	if !bytes.Equal(frames[2], want[1]) {
		t.Error("appending to a frame changes the next one")
	}
}

func TestAppendFramesAllocatesNothing(t *testing.T) {
	o := outgoings(wire.MAC{})["longest"]
	frames, buf := o.AppendFrames(nil, nil)
	if n := testing.AllocsPerRun(100, func() { frames, buf = o.AppendFrames(frames[:0], buf[:0]) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// badOutgoings are refused, each with its error, by a link with an MTU of 1500.
func badOutgoings() map[string]struct {
	o    Outgoing
	want error
} {
	good := outgoings(wire.MAC{})["IPv4"]
	with := func(change func(o *Outgoing)) Outgoing {
		o := good
		change(&o)
		return o
	}
	type bad = struct {
		o    Outgoing
		want error
	}
	return map[string]bad{
		"nothing":           {Outgoing{}, syscall.EINVAL},
		"cut header":        {with(func(o *Outgoing) { o.Header = o.Header[:50] }), syscall.EINVAL},
		"transport too low": {with(func(o *Outgoing) { o.Transport = 33 }), syscall.EINVAL},
		"transport below 0": {with(func(o *Outgoing) { o.Transport = -1 }), syscall.EINVAL},
		"segment too long":  {with(func(o *Outgoing) { o.SegmentSize = 1449 }), syscall.EMSGSIZE},
		"one, too long":     {with(func(o *Outgoing) { o.SegmentSize = 0 }), syscall.EMSGSIZE},
		"payload too long":  {with(func(o *Outgoing) { o.Payload = make([]byte, maxOutgoing-len(o.Header)+1) }), syscall.EMSGSIZE},
	}
}

// wantRefusals writes a good one, each bad one and a good one.
func wantRefusals(t *testing.T, l Offloader) {
	t.Helper()
	good := outgoings(wire.MAC{})["IPv4"]
	for name, bad := range badOutgoings() {
		if n, err := l.WriteSegments([]Outgoing{good, bad.o, good}); n != 1 || !errors.Is(err, bad.want) {
			t.Errorf("%s: got %d, %v, want 1, %v", name, n, err, bad.want)
		}
	}
}

func wantCannot(t *testing.T, l Offloader) {
	t.Helper()
	if got := l.MaxPayload(); got != 0 {
		t.Errorf("longest payload: got %d, want 0", got)
	}
	if n, err := l.WriteSegments([]Outgoing{outgoings(wire.MAC{})["IPv4"]}); n != 0 || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("write: got %d, %v, want %v", n, err, errors.ErrUnsupported)
	}
}

func writeSegments(t testing.TB, l Offloader, batch ...Outgoing) {
	t.Helper()
	if n, err := l.WriteSegments(batch); n != len(batch) || err != nil {
		t.Fatalf("write: got %d, %v, want %d", n, err, len(batch))
	}
}

func TestPairOffload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(&PairConfig{Offload: true})
		if a.MaxPayload() != maxPayload {
			t.Errorf("longest payload: got %d, want %d", a.MaxPayload(), maxPayload)
		}
		batch := make([]Frame, 1)
		for name, o := range outgoings(wire.MAC{4}) {
			writeSegments(t, a, o)
			if _, err := b.ReadFrames(batch); err != nil {
				t.Fatal(err)
			}
			if whole := append(bytes.Clone(o.Header), o.Payload...); !batch[0].Partial || !bytes.Equal(batch[0].Data, whole) {
				t.Errorf("%s: got %d bytes, partial %v, want the %d that were sent, partial", name, len(batch[0].Data), batch[0].Partial, len(whole))
			}
		}
		// The buffer of a partial frame serves for the next one.
		send(t, a, "whole")
		if n, err := b.ReadFrames(batch); n != 1 || err != nil || batch[0].Partial {
			t.Errorf("an ordinary frame: got %d, %v, partial %v, want 1", n, err, batch[0].Partial)
		}
		wantRefusals(t, a)
		a.Close()
		if _, err := a.WriteSegments([]Outgoing{{}}); err != net.ErrClosed {
			t.Errorf("closed: got %v, want %v", err, net.ErrClosed)
		}
		plain, _ := Pair(nil)
		wantCannot(t, plain)
	})
}

// What a network on the way has in its hands is a whole frame, so that damage
// to it shows.
func TestPairOffloadModify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(&PairConfig{Offload: true, Forward: func(frame []byte) [][]byte {
			damaged := bytes.Clone(frame)
			damaged[len(damaged)-1] ^= 1
			return [][]byte{frame, damaged}
		}})
		writeSegments(t, a, outgoings(wire.MAC{4})["IPv6"])
		batch := make([]Frame, 3)
		n, err := b.ReadFrames(batch)
		if n != 2 || err != nil {
			t.Fatalf("got %d, %v, want 2", n, err)
		}
		for i, want := range []bool{true, false} {
			p, err := wire.ParseFrame(batch[i].Data)
			if err != nil || !batch[i].NeedsVerify() || p.ChecksumsOK() != want {
				t.Errorf("frame %d: got %v, verify %v, right %v, want right %v", i, err, batch[i].NeedsVerify(), p.ChecksumsOK(), want)
			}
		}
	})
}

func TestPairOffloadAllocatesNothing(t *testing.T) {
	a, b := Pair(&PairConfig{Offload: true})
	out, in := []Outgoing{outgoings(wire.MAC{})["longest"]}, make([]Frame, 1)
	step := func() {
		writeSegments(t, a, out...)
		if _, err := b.ReadFrames(in); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func TestTeeOffload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := Pair(&PairConfig{Offload: true})
		start := time.Now()
		var seen [][]byte
		see := func(frame []byte, at time.Time, outgoing bool) {
			if !outgoing || !at.Equal(start) {
				t.Errorf("got outgoing %v at %v, want true, %v", outgoing, at, start)
			}
			seen = append(seen, bytes.Clone(frame))
		}
		tee := Tee(a, see).(Offloader)
		if got := tee.MaxPayload(); got != maxPayload {
			t.Errorf("longest payload: got %d, want %d", got, maxPayload)
		}
		four, six := outgoings(wire.MAC{4})["odd size"], outgoings(wire.MAC{4})["longest, IPv6"]
		tee.WriteSegments([]Outgoing{four, six, {}})
		if len(seen) != 2 {
			t.Fatalf("got %d frames, want 2", len(seen))
		}
		for i, o := range []Outgoing{four, six} {
			whole := append(bytes.Clone(o.Header), o.Payload...)
			if want := Complete(nil, whole); !bytes.Equal(seen[i], want) || !finished(seen[i][14:]) {
				t.Errorf("frame %d: got %x, want %x", i, seen[i], want)
			}
		}
		plain, _ := Pair(nil)
		wantCannot(t, Tee(plain, see).(Offloader))
		wantCannot(t, Tee(&fakeLink{}, see).(Offloader))
	})
}
