package endpoint

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tfocraft/handshake"
)

// clockedConn returns a connection whose only deadline is the end of its patience.
func clockedConn(q *timerQueue, due time.Duration) *Conn {
	m := handshake.NewServer(handshake.Config{MSS: 1460})
	c := &Conn{machine: m, handled: &handled{patience: int64(due)}}
	c.timer.slot = notQueued
	q.schedule(c)
	return c
}

// Deadlines from nanoseconds to years, in random order, some of them moved or dropped,
// come in order and never late; the queue never says that the next one is later than it
// is.
func TestTimerQueue(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		start := time.Unix(1_000_000, 0)
		q := newTimerQueue(start)
		due := map[*Conn]int64{}
		random := func() time.Duration { return time.Duration(1 + rng.Int64N(1<<(1+rng.UintN(60)))) }
		for range 1 + rng.IntN(300) {
			d := random()
			due[clockedConn(&q, d)] = int64(d)
		}
		var now int64
		for len(due) > 0 {
			for c := range due { // map order: any
				switch d := int64(random()); {
				case rng.IntN(4) > 0:
				case rng.IntN(2) == 0:
					q.drop(c)
					delete(due, c)
				case now+d > now:
					// Later needs no word; earlier does.
					c.handled.patience, due[c] = now+d, now+d
					q.schedule(c)
				}
				break
			}
			next := q.next()
			if len(due) == 0 {
				break
			}
			want := slices.Min(values(due))
			if next.IsZero() || int64(next.Sub(start)) > max(want, now) {
				t.Fatalf("seed %d: next look at %v, want by %v", seed, next.Sub(start), time.Duration(want))
			}
			now = max(now, int64(next.Sub(start)))
			if rng.IntN(4) == 0 {
				now += rng.Int64N(1 << (1 + rng.UintN(40)))
			}
			last := int64(0)
			for c := q.pop(start.Add(time.Duration(now))); c != nil; c = q.pop(start.Add(time.Duration(now))) {
				at, ok := due[c]
				if !ok || at > now || at < last {
					t.Fatalf("seed %d: at %d got one due at %d (%t), after %d", seed, now, at, ok, last)
				}
				last = at
				delete(due, c)
			}
			if len(due) > 0 && slices.Min(values(due)) <= now {
				t.Fatalf("seed %d: at %d one was left that was due at %d", seed, now, slices.Min(values(due)))
			}
		}
		if q.waiting != 0 || len(q.soon) != 0 || q.used != [wheelLevels]uint64{} {
			t.Fatalf("seed %d: left %d in slots, %d in the heap, bits %x", seed, q.waiting, len(q.soon), q.used)
		}
	}
}

func values(m map[*Conn]int64) []int64 {
	var v []int64
	for _, at := range m {
		v = append(v, at)
	}
	return v
}
