package link

import (
	"net/netip"
	"testing"

	"tfocraft/wire"
)

const benchBatch = 32

// benchFrames returns a batch of full-size frames that the other end lets in.
func benchFrames(to wire.MAC) [][]byte {
	s := syn()
	s.Payload = make([]byte, 1400)
	frame := segment(AppendHeader(nil, to, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s)
	frames := make([][]byte, benchBatch)
	for i := range frames {
		frames[i] = frame
	}
	return frames
}

func BenchmarkWriteFrames(b *testing.B) {
	near, peer := wired(b)
	out := peer.open("veth0", onlyOurs)
	frames := benchFrames(macOf(near.MAC("veth0")))
	b.ReportAllocs()
	b.SetBytes(int64(benchBatch * len(frames[0])))
	for b.Loop() {
		write(b, out, frames...)
	}
}

func BenchmarkReadFrames(b *testing.B) {
	near, peer := wired(b)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	frames := benchFrames(macOf(near.MAC("veth0")))
	batch := make([]Frame, benchBatch)
	b.ReportAllocs()
	b.SetBytes(int64(benchBatch * len(frames[0])))
	for b.Loop() {
		b.StopTimer()
		write(b, out, frames...)
		b.StartTimer()
		for got := 0; got < benchBatch; {
			n, err := in.ReadFrames(batch)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
}

func BenchmarkLoopback(b *testing.B) {
	near := newHost(b)
	l := near.open("lo", onlyOurs)
	loop := netip.MustParseAddr("127.0.0.1")
	frame := segment(AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4), netip.AddrPortFrom(loop, 1), netip.AddrPortFrom(loop, ourPort), wire.Segment{Flags: wire.RST})
	batch, frames := make([]Frame, 1), [][]byte{frame}
	b.ReportAllocs()
	for b.Loop() {
		write(b, l, frames...)
		if _, err := l.ReadFrames(batch); err != nil {
			b.Fatal(err)
		}
	}
}
