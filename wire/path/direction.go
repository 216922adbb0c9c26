package path

import (
	"math/rand/v2"
	"time"
)

// maxUnderWay is how many frames a direction holds, whatever its rate and delay
// are: about 100 MB of full frames.
const maxUnderWay = 1 << 16

// A direction is one way of a path, with what is on it.
type direction struct {
	way     Way
	from    Place // Near or Far
	lottery lottery
	toBoxes queue         // before the middleboxes, in the order in which they get there
	half    time.Duration // how long it takes to there, and rest from there on
	rest    time.Duration
	inOrder queue // behind them
	heldUp  queue // apart, so that not every frame has to pass all of them

	latest   time.Time // when the last frame arrives that was not held back
	free     time.Time // when the bottleneck has carried all it was given
	counters Counters
}

// Counters count frames of one way since the path was made. Every frame that was sent or
// made is one of Filtered, TooBig, QueueDrops and Lost, or is delivered or under way.
type Counters struct {
	Sent       uint64 // given to Send
	Made       uint64 // by the middleboxes and the router
	Delivered  uint64 // given out by Deliver, duplicates included
	Filtered   uint64 // dropped or taken by a middlebox
	TooBig     uint64 // longer than the MTU
	QueueDrops uint64 // the queue of the bottleneck was full
	Lost       uint64
	Duplicated uint64
	Reordered  uint64 // held back
	Corrupted  uint64
}

func newDirection(way Way, from Place, rng *rand.Rand, boxes bool) direction {
	way = way.withDefaults()
	d := direction{way: way, from: from, lottery: lottery{way: way, rng: rng}, rest: way.Delay}
	if boxes {
		d.half = way.Delay / 2
		d.rest = way.Delay - d.half
	}
	return d
}

// to returns where frames go, if no middlebox says otherwise.
func (d *direction) to() Place {
	if d.from == Near {
		return Far
	}
	return Near
}

func (d *direction) underWay() int { return d.toBoxes.len() + d.inOrder.len() + d.heldUp.len() }

// bottleneck returns when the last byte of n has left the bottleneck, or that
// there is no room to wait for that.
func (d *direction) bottleneck(now time.Time, n int) (departs time.Time, fits bool) {
	if d.underWay() >= maxUnderWay {
		return time.Time{}, false
	}
	if d.way.Rate == 0 {
		return now, true
	}
	if d.free.Before(now) {
		d.free = now
	}
	waiting := int(d.free.Sub(now).Seconds() * float64(d.way.Rate))
	if waiting+n > d.way.Queue {
		return time.Time{}, false
	}
	d.free = d.free.Add(time.Duration(n) * time.Second / time.Duration(d.way.Rate))
	return d.free, true
}

// arrival returns when a frame that has left the bottleneck arrives, and whether it is held back.
func (d *direction) arrival(departs time.Time, l luck) (at time.Time, held bool) {
	at = departs.Add(d.rest + time.Duration(l.jitter*float64(d.way.Jitter)))
	if at.Before(d.latest) {
		at = d.latest
	}
	if l.held {
		d.counters.Reordered++
		return at.Add(d.way.ReorderBy), true
	}
	d.latest = at
	return at, false
}

// next returns the queue with the frame that arrives next, if any does.
func (d *direction) next() *queue {
	switch {
	case d.heldUp.len() == 0:
		return &d.inOrder
	case d.inOrder.len() == 0 || d.heldUp.first().Before(d.inOrder.first()):
		return &d.heldUp
	}
	return &d.inOrder
}
