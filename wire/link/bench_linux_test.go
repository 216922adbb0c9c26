package link

import (
	"net/netip"
	"slices"
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

func BenchmarkWriteSegments(b *testing.B) {
	near, peer := wired(b)
	out := peer.open("veth0", onlyOurs)
	batch := slices.Repeat([]Outgoing{benchSegments(macOf(near.MAC("veth0")))}, benchBatch)
	b.ReportAllocs()
	b.SetBytes(int64(benchBatch * len(batch[0].Payload)))
	for b.Loop() {
		writeSegments(b, out, batch...)
	}
}

// Short ones are what a server sends most of.
func BenchmarkWriteShortSegments(b *testing.B) {
	near, peer := wired(b)
	out := peer.open("veth0", onlyOurs)
	s := syn()
	s.Payload = make([]byte, 13)
	short := outgoing(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s, 0)
	batch := slices.Repeat([]Outgoing{short}, benchBatch)
	b.ReportAllocs()
	for b.Loop() {
		writeSegments(b, out, batch...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchBatch), "ns/frame")
}

// benchSegments returns the 45 full segments that make the longest run of them.
func benchSegments(to wire.MAC) Outgoing {
	return outgoing(AppendHeader(nil, to, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), data(45*1448), 1448)
}

func BenchmarkAppendFrames(b *testing.B) {
	o := benchSegments(wire.MAC{4})
	frames, buf := o.AppendFrames(nil, nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(o.Payload)))
	for b.Loop() {
		frames, buf = o.AppendFrames(frames[:0], buf[:0])
	}
}

// What is timed is how fast a full receive buffer is read, which is what a ring is for; that
// it spares the kernel work before that does not show.
func BenchmarkReadFrames(b *testing.B) {
	for _, way := range []string{"ring", "queue"} {
		b.Run(way, func(b *testing.B) {
			near, peer := wired(b)
			in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
			mac := macOf(near.MAC("veth0"))
			full, large := benchFrames(mac)[0], benchSegments(mac)
			short := segment(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), syn())
			for name, frame := range map[string][]byte{"SYN": short, "MTU": full} {
				b.Run(name, func(b *testing.B) {
					frames := slices.Repeat([][]byte{frame}, 1024)
					benchRead(b, in, len(frames), len(frame), func() { write(b, out, frames...) })
				})
			}
			b.Run("64KiB", func(b *testing.B) {
				batch := slices.Repeat([]Outgoing{large}, 64)
				benchRead(b, in, len(batch), len(large.Header)+len(large.Payload), func() { writeSegments(b, out, batch...) })
			})
		})
	}
}

// benchRead reads count frames of a length, which fill sends.
func benchRead(b *testing.B, in *Packet, count, length int, fill func()) {
	batch := make([]Frame, 256)
	frames := 0
	b.ReportAllocs()
	b.SetBytes(int64(count * length))
	for b.Loop() {
		b.StopTimer()
		fill()
		b.StartTimer()
		for got := 0; got < count; {
			n, err := in.ReadFrames(batch)
			if err != nil {
				b.Fatal(err)
			}
			for _, f := range batch[:n] {
				if len(f.Data) != length {
					b.Fatalf("got a frame of %d bytes, want %d", len(f.Data), length)
				}
			}
			got += n
		}
		frames += count
	}
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
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
