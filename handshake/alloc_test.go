//go:build !race

package handshake

import (
	"testing"

	"tfocraft/handshake/ring"
	"tfocraft/wire"
)

// The race detector makes sync.Pool drop buffers at random: this is for builds
// without it.

// A bulk is two machines that talk to each other without a path between them.
type bulk struct {
	ends  [2]*Machine
	out   [2][]Output
	queue [2][]onTheWay // to each end
	data  []byte
}

// onTheWay is a segment whose options are its own. What its payload says is of no
// interest here.
type onTheWay struct {
	segment wire.Segment
	options [wire.MaxOptionsLen]byte
}

func newBulk(t *testing.T, burst int) *bulk {
	t.Helper()
	pool := new(ring.Pool)
	b := &bulk{data: make([]byte, 64<<10)}
	b.ends[0] = NewClient(Config{LocalPort: 1000, RemotePort: 80, ISS: ourISS, MSS: 1460, Buffers: pool, Burst: burst, ECN: ECNRequest})
	b.ends[1] = NewServer(Config{LocalPort: 80, RemotePort: 1000, ISS: theirISS, MSS: 1460, Buffers: pool, Burst: burst, ECN: ECNAnswer})
	for _, o := range b.ends[0].Open(epoch, nil) {
		if o.Kind == Transmit {
			b.carry(1, b.ends[1].Accept(epoch, o.Segment, Admission{}, nil))
		}
	}
	b.settle(0)
	if b.ends[0].State() != Established || b.ends[1].State() != Established {
		t.Fatalf("%v and %v", b.ends[0].State(), b.ends[1].State())
	}
	return b
}

// carry puts what end i sends on the way to the other one.
func (b *bulk) carry(i int, out []Output) {
	b.out[i] = out
	q := &b.queue[1-i]
	for n := range out {
		if out[n].Kind == Transmit {
			*q = append(*q, onTheWay{segment: out[n].Segment})
			last := &(*q)[len(*q)-1]
			last.segment.Payload = b.data[:len(last.segment.Payload)]
			last.segment.Options = last.options[:copy(last.options[:], last.segment.Options)]
		}
	}
}

// settle delivers segments until each end has no more than keep before it.
func (b *bulk) settle(keep int) {
	for len(b.queue[0]) > keep || len(b.queue[1]) > keep {
		for i, m := range b.ends {
			q := b.queue[i]
			n := max(len(q)-keep, 0)
			for k := range n {
				s := q[k].segment
				s.Options = q[k].options[:len(s.Options)]
				b.carry(i, m.Input(epoch, s, b.out[i][:0]))
				b.carry(i, m.Consume(epoch, m.Unread(), b.out[i][:0]))
			}
			b.queue[i] = q[:copy(q, q[n:])]
		}
	}
}

// exchange has both ends write, with one call and with two.
func (b *bulk) exchange() {
	for i, m := range b.ends {
		_, out := m.Write(epoch, b.data[:8<<10], b.out[i][:0])
		b.carry(i, out)
		m.Queue(b.data[:8<<10])
		b.carry(i, m.Push(epoch, b.out[i][:0]))
	}
	b.settle(1)
}

// In the steady state a segment costs no allocation on either side: as a single
// one and as a part of a burst, in both directions.
func TestBulkAllocatesNothing(t *testing.T) {
	for _, burst := range []int{0, 64 << 10} {
		b := newBulk(t, burst)
		for range 100 {
			b.exchange()
		}
		before := [2]Info{b.ends[0].Info(), b.ends[1].Info()}
		if got := testing.AllocsPerRun(1000, b.exchange); got >= 1 {
			t.Errorf("burst %d: %v allocations for 16 KiB each way", burst, got)
		}
		for i, m := range b.ends {
			after := m.Info()
			if sent, got := after.Sent-before[i].Sent, after.Received-before[i].Received; sent < 1000*16<<10 || got < 1000*16<<10 {
				t.Errorf("burst %d: end %d has sent %d bytes and received %d, want 16 MiB each", burst, i, sent, got)
			}
			if m.send.inFlight() == 0 || after.Retransmits > 0 {
				t.Errorf("burst %d: end %d has %d bytes in flight, %d retransmissions", burst, i, m.send.inFlight(), after.Retransmits)
			}
		}
	}
}

// The same where something is always in flight, so that the scoreboard is never
// empty, and the timers and the probe of the tail are moved with every segment.
func TestStreamAllocatesNothing(t *testing.T) {
	b := newBulk(t, 0)
	m, ack := b.ends[0], wire.Segment{Seq: b.ends[0].recv.nxt, Flags: wire.ACK, Window: 512}
	ack.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), wire.Timestamps{Val: b.ends[0].ts.recent})
	out := make([]Output, 0, 16)
	_, out = m.Write(epoch, b.data, out)
	one := b.data[:1448]
	step := func() {
		ack.Ack = m.send.una.Add(len(one))
		out = m.Input(epoch, ack, out[:0])
		_, out = m.Write(epoch, one, out[:0])
	}
	for range 2000 {
		step()
	}
	if got := testing.AllocsPerRun(2000, step); got >= 1 {
		t.Errorf("%v allocations for a segment", got)
	}
	if m.send.inFlight() == 0 {
		t.Error("nothing is in flight")
	}
}
