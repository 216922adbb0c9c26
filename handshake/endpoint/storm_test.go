package endpoint_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

const (
	stormAcks  = 100_000
	stormWaves = 100 // one each 100 ms
)

// A storm of acknowledgements that say nothing new has no answer, or one now and
// then, and what is sent meanwhile is what the window allows, once. C-103.
func TestAckStorm(t *testing.T) {
	const unsent = 1 << 20
	for _, c := range []struct {
		name     string
		flight   int // bytes that the stack has sent
		seq, ack int // of the storm, from what would be right
		least    int // segments from the stack
		most     int
	}{
		{"nothing in flight", 0, 0, 0, 0, 0},
		// Three of them mean a loss, and each may stand for a segment that has arrived:
		// the rest of the window goes out, and the loss again.
		{"data in flight", 60_000, 0, 0, 1, 60_000/rawMSS + 10},
		{"old sequence number", 0, -5000, 0, 1, 21},
		{"beyond the window", 0, 1 << 20, 0, 1, 21},
		{"old acknowledgement", 0, 0, -unsent, 1, 21},
		{"not sent yet", 0, 0, unsent, 1, 21},
		{"keepalives", 0, -1, 0, 1, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := openRaw(t, handshake.Config{}, 60_000)
				if c.flight > 0 {
					write(t, r.conn, string(noise(c.flight)))
					synctest.Wait()
				}
				first := len(r.drain())
				r.ack = r.ack.Add(c.ack)
				frame := r.frame(wire.Segment{Seq: r.seq.Add(c.seq)})
				before, answers := measureUsage(), 0
				for range stormWaves {
					for range stormAcks / stormWaves {
						r.send(frame)
					}
					answers += len(r.drain())
					time.Sleep(100 * time.Millisecond)
				}
				if grown := measureUsage().heap - before.heap; grown > 1<<20 {
					t.Errorf("the heap has grown by %d bytes", grown)
				}
				if answers < c.least || answers > c.most {
					t.Errorf("%d segments after the first %d, want %d to %d", answers, first, c.least, c.most)
				}
				// The connection is as good as before.
				r.ack = r.ack.Add(c.flight - c.ack)
				r.sendAt(0, []byte("calm"))
				if got := read(t, r.conn, 4); got != "calm" {
					t.Errorf("read %q, want %q", got, "calm")
				}
				write(t, r.conn, "again")
				synctest.Wait()
				all := r.drain()
				if len(all) == 0 || all[len(all)-1].End() != r.ack.Add(5) {
					t.Errorf("a write after the storm has sent %v, want up to %d", all, r.ack.Add(5))
				}
			})
		})
	}
}

// Two ends between which somebody has shifted the sequence numbers take everything
// of each other for old or for future. They do not answer each other for ever.
func TestAckStormBetweenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shift atomic.Int64
		shifted := tamper(func(p *wire.Packet) bool {
			p.TCP.Seq = p.TCP.Seq.Add(int(shift.Load()))
			return true
		})
		l := newLab(t, func(s *setup) {
			s.pair.Delay = time.Millisecond
			s.pair.Forward, s.pair.Backward = shifted, shifted
		})
		client, server := joined(l)
		synctest.Wait()
		time.Sleep(time.Second)
		l.segments()
		shift.Store(-100_000)
		write(t, client, "hello")
		write(t, server, "hello")
		time.Sleep(10 * time.Second)
		if n := len(l.segments()); n > 100 {
			t.Errorf("%d segments in ten seconds, want a few", n)
		}
		shift.Store(0)
		if up, down := read(t, server, 5), read(t, client, 5); up+down != "hellohello" {
			t.Errorf("read %q and %q", up, down)
		}
	})
}
