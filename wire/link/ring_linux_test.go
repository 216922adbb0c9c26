package link

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// ofLength returns a frame from the peer to us whose payload has this length, filled with
// bytes that differ from one frame to the next.
func ofLength(to wire.MAC, seq, length int) []byte {
	s := data(length)
	s.Seq = wire.Seq(seq)
	return segment(AppendHeader(nil, to, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s)
}

// readAll reads count frames in batches and gives them to see, each with its number.
func readAll(t *testing.T, l *Packet, count int, see func(i int, f Frame)) {
	t.Helper()
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	batch := make([]Frame, 50)
	for got := 0; got < count; {
		n, err := l.ReadFrames(batch)
		if err != nil {
			t.Fatalf("after %d of %d frames: %v", got, count, err)
		}
		for _, f := range batch[:n] {
			see(got, f)
			got++
		}
	}
}

// Frames that are longer than a slot come through the queue, in order with the others,
// however often the ring has been round.
func TestLongAmongShort(t *testing.T) { eachWay(t, testLongAmongShort) }

func testLongAmongShort(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", &Config{Filter: onlyOurs.Filter, ReceiveBuffer: 1 << 20}), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	lengths := []int{0, 1400, 30000, 7, 2000, 2000, 1, 1, 1, 60000, 0}
	for round := range 60 {
		for i, n := range lengths {
			s := data(n)
			s.Seq = wire.Seq(round*len(lengths) + i)
			writeSegments(t, out, outgoing(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s, 1400))
		}
		readAll(t, in, len(lengths), func(i int, f Frame) {
			p, err := wire.ParseFrame(f.Data)
			if err != nil || p.TCP.Seq != wire.Seq(round*len(lengths)+i) || !bytes.Equal(p.TCP.Payload, data(lengths[i]).Payload) {
				t.Fatalf("round %d, frame %d: got %d bytes at %d, %v, want %d", round, i, len(p.TCP.Payload), p.TCP.Seq, err, lengths[i])
			}
			if f.Time.Before(time.Now().Add(-time.Minute)) || f.Time.After(time.Now().Add(time.Minute)) {
				t.Fatalf("frame %d: received at %v", i, f.Time)
			}
		})
	}
	if s, err := in.Stats(); err != nil || s.Dropped != 0 || s.Oversize != 0 {
		t.Errorf("got %+v, %v, want nothing lost", s, err)
	}
}

// What does not fit is counted, and the rest is whole.
func TestReceiveOverflow(t *testing.T) { eachWay(t, testReceiveOverflow) }

func testReceiveOverflow(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", &Config{Filter: onlyOurs.Filter, ReceiveBuffer: 1 << 20}), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	for name, length := range map[string]int{"short": 0, "long": 60000} {
		before, _ := in.Stats()
		const sent = 2000
		for i := range sent {
			s := data(length)
			s.Seq = wire.Seq(i)
			writeSegments(t, out, outgoing(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s, 1400))
		}
		in.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		batch := make([]Frame, 50)
		got, last := 0, -1
		for {
			n, err := in.ReadFrames(batch)
			if err != nil {
				break
			}
			for _, f := range batch[:n] {
				p, err := wire.ParseFrame(f.Data)
				if err != nil || len(p.TCP.Payload) != length || int(p.TCP.Seq) <= last {
					t.Fatalf("%s: got %d bytes at %d after %d, %v", name, len(p.TCP.Payload), p.TCP.Seq, last, err)
				}
				last = int(p.TCP.Seq)
			}
			got += n
		}
		after, err := in.Stats()
		received, dropped := int(after.Received-before.Received), int(after.Dropped-before.Dropped)
		if err != nil || received != sent || got+dropped != sent || dropped == 0 {
			t.Errorf("%s: got %d of %d frames, stats %d and %d dropped, %v", name, got, sent, received, dropped, err)
		}
	}
}

// packetSockets counts the packet sockets of the host's namespace.
func (h *host) packetSockets() (n int) {
	h.t.Helper()
	h.Do(func() error {
		list, err := os.ReadFile("/proc/thread-self/net/packet")
		n = strings.Count(string(list), "\n") - 1
		return err
	})
	return n
}

// awaitNoSockets waits until every link of the host is closed in the kernel, too.
func (h *host) awaitNoSockets() {
	h.t.Helper()
	for end := time.Now().Add(5 * time.Second); h.packetSockets() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("%d packet sockets are left", h.packetSockets())
		}
	}
}

// The last frames can be read after Close, and keep nothing open in the kernel.
func TestCloseWithFrames(t *testing.T) { eachWay(t, testCloseWithFrames) }

func testCloseWithFrames(t *testing.T) {
	near, peer := wired(t)
	out := peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	sent := [][]byte{ofLength(mac, 1, 0), ofLength(mac, 2, 1400), ofLength(mac, 3, 10)}
	for range 20 {
		in := near.open("veth0", onlyOurs)
		write(t, out, sent...)
		in.SetReadDeadline(time.Now().Add(10 * time.Second))
		batch := make([]Frame, 8)
		got := 0
		for got < len(sent) {
			// All of them at once, in the end: those of a call before are not kept.
			n, err := in.ReadFrames(batch[:1])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(batch[0].Data, sent[got]) {
				t.Fatalf("frame %d: got %x, want %x", got, batch[0].Data, sent[got])
			}
			got += n
		}
		last := batch[0].Data
		in.Close()
		if !bytes.Equal(last, sent[2]) {
			t.Fatalf("after Close: got %x, want %x", last, sent[2])
		}
	}
	near.awaitNoSockets()
}

// Close at any moment of a reader's work is harmless.
func TestCloseWhileReading(t *testing.T) { eachWay(t, testCloseWhileReading) }

func testCloseWhileReading(t *testing.T) {
	near, peer := wired(t)
	out := peer.open("veth0", onlyOurs)
	frame := ofLength(macOf(near.MAC("veth0")), 1, 500)
	for range 50 {
		in := near.open("veth0", onlyOurs)
		if err := closeWhile(t, in, out, in.ReadFrames, frame); err == nil {
			t.Error("a closed link has frames")
		}
	}
}

// closeWhile closes a link while somebody reads copies of a frame from it, and returns why that ended.
func closeWhile(t *testing.T, in, out *Packet, read func([]Frame) (int, error), frame []byte) error {
	t.Helper()
	ended := make(chan error)
	go func() {
		batch := make([]Frame, 4)
		for {
			n, err := read(batch)
			if err != nil {
				ended <- err
				return
			}
			for _, f := range batch[:n] {
				if !bytes.Equal(f.Data, frame) {
					t.Errorf("got %x, want %x", f.Data, frame)
				}
			}
		}
	}()
	for range 20 {
		write(t, out, frame, frame, frame)
	}
	in.Close()
	return <-ended
}

// A socket that cannot have a ring is left as it was.
func TestRingRefused(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if r, err := openRing(fd, 1<<20); err == nil {
		r.close()
		t.Error("a socket that is not a packet socket has a ring")
	}
}

func TestReadAllocatesNothing(t *testing.T) { eachWay(t, testReadAllocatesNothing) }

func testReadAllocatesNothing(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	frames := [][]byte{ofLength(macOf(near.MAC("veth0")), 1, 100)}
	batch := make([]Frame, 4)
	n := testing.AllocsPerRun(100, func() {
		write(t, out, frames...)
		if _, err := in.ReadFrames(batch); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Poll(batch); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// A ring that is full of frames for nobody gives its slots back, and the deadline counts.
func TestRingFullOfUnwanted(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	if in.ring == nil {
		t.Skip("there is no ring")
	}
	batch := make([][]byte, 64)
	for i := range batch {
		batch[i] = ofLength(wire.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1, 10)
	}
	for range in.ring.slots()/64 + 4 {
		if _, err := out.WriteFrames(batch); err != nil {
			t.Fatal(err)
		}
	}
	in.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	done := make(chan error, 1)
	go func() {
		_, err := in.ReadFrames(make([]Frame, 64))
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("ReadFrames with a deadline of 200 ms has not returned after 5 s")
	}
}

// A batch larger than the ring gets each frame once.
func TestRingBatchLongerThanRing(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", &Config{Filter: onlyOurs.Filter, ReceiveBuffer: 64 << 10}), peer.open("veth0", onlyOurs)
	if in.ring == nil {
		t.Skip("there is no ring")
	}
	mac, slots := macOf(near.MAC("veth0")), in.ring.slots()
	for i := range slots {
		write(t, out, ofLength(mac, i, 10))
	}
	in.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := in.ReadFrames(make([]Frame, 3*slots)); n != slots {
		t.Errorf("sent %d, read %d, %v", slots, n, err)
	}
}
