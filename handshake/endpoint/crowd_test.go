package endpoint_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// A sink is a link that drops what is written to it, but for the last frame.
type sink struct {
	tape
	last []byte
}

func (s *sink) WriteFrames(batch [][]byte) (int, error) {
	s.last = append(s.last[:0], batch[len(batch)-1]...)
	return len(batch), nil
}

// A steppedCrowd is a stack in virtual time with many connections from one
// client, and a segment for each.
type steppedCrowd struct {
	p     *endpoint.Stepper
	link  *sink
	now   time.Time
	conns []*endpoint.Conn
	isses []wire.Seq // ours
	frame []byte     // that was made last
}

func newSteppedCrowd(b *testing.B, count int) *steppedCrowd {
	b.Helper()
	c := &steppedCrowd{link: &sink{}, now: time.Unix(1_000_000, 0)}
	var err error
	c.p, err = endpoint.NewStepper(c.now, endpoint.Config{Link: c.link, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.p.Close() })
	ln, err := (&endpoint.ListenConfig{Stack: c.p.Stack()}).Listen(b.Context(), "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	for i := range count {
		c.open(b, ln, i)
	}
	return c
}

// open has one more client shake hands.
func (c *steppedCrowd) open(b *testing.B, ln *endpoint.Listener, i int) {
	b.Helper()
	c.input(i, wire.Segment{Seq: peerISS, Flags: wire.SYN, Options: wire.AppendMSS(nil, 1460)})
	answer, err := wire.ParseFrame(c.link.last)
	if err != nil {
		b.Fatal(err)
	}
	c.isses = append(c.isses, answer.TCP.Seq)
	c.acknowledge(i, 0, nil)
	conn, err := ln.TryAccept()
	if err != nil {
		b.Fatal(err)
	}
	c.conns = append(c.conns, conn)
}

// acknowledge injects a segment of an open connection, behind so many bytes.
func (c *steppedCrowd) acknowledge(i, sent int, data []byte) {
	c.input(i, wire.Segment{Seq: peerISS.Add(1 + sent), Ack: c.isses[i].Add(1), Flags: wire.ACK, Payload: data})
}

// input injects a segment of a client.
func (c *steppedCrowd) input(i int, s wire.Segment) {
	const ports = 50_000
	from := netip.AddrFrom4([4]byte{198, 18, byte(i / ports >> 8), byte(i / ports)})
	s.SrcPort, s.DstPort, s.Window = uint16(1024+i%ports), 80, 65535
	s.SetDataOffset()
	p := wire.NewPacket(netip.AddrPortFrom(from, s.SrcPort), netip.AddrPortFrom(server4, 80), s)
	p.SetLengths()
	p.SetChecksums()
	c.frame = p.Append(link.AppendHeader(c.frame[:0], serverMAC, clientMAC, 4))
	c.p.Input(c.now, c.frame)
}

// crowdSizes are a number that fits caches, and one that does not.
var crowdSizes = []int{100, 200_000}

// An acknowledgement for one of many connections, another one each time: made,
// parsed, and taken by its connection, to which it says nothing.
func BenchmarkLookup(b *testing.B) {
	for _, count := range crowdSizes {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			c := newSteppedCrowd(b, count)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.acknowledge(i, 0, nil)
				// Neighbours in the list are not neighbours in memory.
				i = (i + 7919) % count
			}
		})
	}
}

// A byte for one of many connections, each of which gets one every 100 ms: its
// delayed acknowledgement is scheduled, and that of another one is due.
func BenchmarkTimers(b *testing.B) {
	for _, count := range crowdSizes {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			c := newSteppedCrowd(b, count)
			step := 100 * time.Millisecond / time.Duration(count)
			sent := make([]int, count)
			var one [1]byte
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.now = c.now.Add(step)
				c.p.Advance(c.now)
				c.acknowledge(i, sent[i], one[:])
				if _, err := c.conns[i].TryRead(one[:]); err != nil {
					b.Fatal(err)
				}
				sent[i]++
				i = (i + 1) % count
			}
		})
	}
}
