package follow_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryFlat follows a million segments of connections that all have other clients and cookies, each left open.
func TestMemoryFlat(t *testing.T) {
	const limit, perConnection, most = 500, 4, 500 * 8 << 10
	connections := 1_000_000 / perConnection
	if testing.Short() || raceEnabled {
		connections = 20_000
	}
	f := follow.New()
	f.Limit = limit
	done := 0
	f.Done = func(c follow.Connection) {
		done++
		if c.Number != done || c.FastOpen != follow.Accepted || c.Sent != 5 {
			t.Fatalf("done with %d: got %+v", done, c)
		}
	}
	before := heap()
	for i := range connections {
		followOne(f, uint32(i))
	}
	if got, want := done, connections-limit; got != want {
		t.Errorf("got %d connections done, want %d", got, want)
	}
	if got, want := len(f.Connections()), limit; got != want {
		t.Errorf("got %d connections remembered, want %d", got, want)
	}
	for number, want := range map[int]bool{0: false, 1: false, connections - limit: false, connections - limit + 1: true, connections: true, connections + 1: false} {
		if c, ok := f.Connection(number); ok != want || ok && c.Number != number {
			t.Errorf("connection %d is remembered: %t, as number %d; want %t", number, ok, c.Number, want)
		}
	}
	if grown := heap() - before; grown > most {
		t.Errorf("after %d segments: got a heap of %d bytes, want at most %d", connections*perConnection, grown, most)
	}
	runtime.KeepAlive(f)
}

// followOne follows the connection of a client of its own.
func followOne(f *follow.Follower, client uint32) {
	at := time.Unix(int64(client), 0)
	src := netip.AddrPortFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 198<<24|client))), 1000)
	option := func(n uint32) wire.Options {
		return wire.FastOpen{Present: true, Cookie: binary.BigEndian.AppendUint32(nil, n)}.Append(nil)
	}
	for _, p := range []wire.Packet{
		wire.NewPacket(src, serverEnd, wire.Segment{Seq: 10, Flags: wire.SYN, Options: option(client), Payload: make([]byte, 5)}),
		wire.NewPacket(serverEnd, src, wire.Segment{Seq: 20, Ack: 16, Flags: wire.SYN | wire.ACK, Options: option(client + 1)}),
		wire.NewPacket(src, serverEnd, wire.Segment{Seq: 16, Ack: 21, Flags: wire.ACK}),
		wire.NewPacket(serverEnd, src, wire.Segment{Seq: 21, Ack: 16, Flags: wire.ACK, Payload: make([]byte, 5)}),
	} {
		f.Frame(at, &p)
	}
}

// TestGigabytes follows one connection over several wraps of its sequence numbers.
func TestGigabytes(t *testing.T) {
	const size, windows, perWindow = 60_000, 10_000, 20
	const total = size * windows * perWindow // 12 GB
	f := follow.New()
	at := time.Unix(0, 0)
	frame := func(fromClient bool, s wire.Segment) follow.Line {
		at = at.Add(time.Millisecond)
		src, dst := serverEnd, clientEnd
		if fromClient {
			src, dst = dst, src
		}
		p := wire.NewPacket(src, dst, s)
		return f.Frame(at, &p)
	}
	frame(true, wire.Segment{Seq: 0xfffffff0, Flags: wire.SYN})
	frame(false, wire.Segment{Seq: 5, Ack: 0xfffffff1, Flags: wire.SYN | wire.ACK})
	data := wire.Segment{Seq: 0xfffffff1, Ack: 6, Flags: wire.ACK, Payload: make([]byte, size)}
	var full int64
	for i := range windows {
		for range perWindow {
			frame(true, data)
			data.Seq = data.End()
		}
		line := frame(false, wire.Segment{Seq: 6, Ack: data.Seq, Flags: wire.ACK})
		sent := int64(i+1) * size * perWindow
		if want := fmt.Sprintf("acknowledges %d bytes", size*perWindow); line.Reason.En != want || line.After.Client.Next != sent+1 || line.After.Client.Acked != sent+1 {
			t.Fatalf("after %d bytes: got %q, %+v", sent, line.Reason.En, line.After.Client)
		}
		// Of each window the first sixteen are timed; the last of these is four frames before the last.
		if got, want := line.Facts.RTT, 5*time.Millisecond; got != want {
			t.Fatalf("round-trip time: got %v, want %v", got, want)
		}
		if i == windows/10 {
			full = heap()
		}
	}
	c := f.Connections()[0]
	if c.Sent != total || c.Retransmits != 0 || c.Segments != 2+windows*(perWindow+1) {
		t.Errorf("got %d bytes in %d segments, %d of them retransmissions", c.Sent, c.Segments, c.Retransmits)
	}
	if grown := heap() - full; grown > 1<<16 {
		t.Errorf("the heap has grown by %d bytes, from %d", grown, full)
	}
	runtime.KeepAlive(f)
}
