package path

import (
	"math/rand/v2"
	"time"
)

// maxUnderWay is how many frames a direction holds, whatever its rate and delay
// are: about 100 MB of full frames.
const maxUnderWay = 1 << 16

// A Direction is one way of a path. It has one owner and no locks.
type Direction struct {
	cfg     Config
	fates   fates
	inOrder queue
	heldUp  queue // apart, so that not every frame has to pass all of them
	buffers buffers

	latest   time.Time // when the last frame arrives that was not held back
	free     time.Time // when the bottleneck has carried all it was given
	answer   []byte
	out      [][]byte
	counters Counters
}

// Counters count frames since the direction was made. Every frame that was sent
// is one of Filtered, TooBig, QueueDrops and Lost, or is delivered or under way.
type Counters struct {
	Sent       uint64 // given to Send
	Delivered  uint64 // given out by Deliver, duplicates included
	Filtered   uint64 // dropped by a middlebox
	TooBig     uint64 // longer than the MTU
	QueueDrops uint64 // the queue of the bottleneck was full
	Lost       uint64
	Duplicated uint64
	Reordered  uint64 // held back
	Corrupted  uint64
}

// NewDirection returns a direction with the random stream of that number from the
// seed. A nil cfg means all defaults. It fails if [Config.Check] does.
func NewDirection(cfg *Config, seed, stream uint64) (*Direction, error) {
	var c Config
	if cfg != nil {
		c = *cfg
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Direction{cfg: c, fates: fates{cfg: c, rng: rand.New(rand.NewPCG(seed, stream))}}, nil
}

// Counters returns the counters as they are now.
func (d *Direction) Counters() Counters { return d.counters }

// Send gives an Ethernet frame to the path, whole and with a finished checksum.
// It is copied. Times must not go back from call to call. An answer, if there is
// one, is a frame for the sender from a router at the near end, valid until the
// next Send.
func (d *Direction) Send(now time.Time, frame []byte) (answer []byte) {
	d.counters.Sent++
	if ofOneWire(frame) {
		d.inOrder.push(now.Add(d.cfg.Delay), append(d.buffers.get(), frame...))
		return nil
	}
	fate := d.fates.draw()
	if payloadLen(frame) > d.cfg.MTU {
		d.counters.TooBig++
		return d.tooBig(frame)
	}
	buf := append(d.buffers.get(), frame...)
	buf, kept := throughMiddleboxes(d.cfg.Middleboxes, buf)
	if !kept {
		d.counters.Filtered++
		d.buffers.put(buf)
		return nil
	}
	departs, fits := d.bottleneck(now, len(buf))
	switch {
	case !fits:
		d.counters.QueueDrops++
		d.buffers.put(buf)
	case fate.lost:
		d.counters.Lost++
		d.buffers.put(buf)
	default:
		d.travel(departs, buf, fate)
	}
	return nil
}

// bottleneck returns when the last byte of n has left the bottleneck, or that
// there is no room to wait for that.
func (d *Direction) bottleneck(now time.Time, n int) (departs time.Time, fits bool) {
	if d.inOrder.len()+d.heldUp.len() >= maxUnderWay {
		return time.Time{}, false
	}
	if d.cfg.Rate == 0 {
		return now, true
	}
	if d.free.Before(now) {
		d.free = now
	}
	waiting := int(d.free.Sub(now).Seconds() * float64(d.cfg.Rate))
	if waiting+n > d.cfg.Queue {
		return time.Time{}, false
	}
	d.free = d.free.Add(time.Duration(n) * time.Second / time.Duration(d.cfg.Rate))
	return d.free, true
}

// travel puts a frame, and its duplicate behind it, under way.
func (d *Direction) travel(departs time.Time, buf []byte, fate fate) {
	at := departs.Add(d.cfg.Delay + time.Duration(fate.jitter*float64(d.cfg.Jitter)))
	if at.Before(d.latest) {
		at = d.latest
	}
	queue := &d.inOrder
	if fate.held {
		d.counters.Reordered++
		at = at.Add(d.cfg.ReorderBy)
		queue = &d.heldUp
	} else {
		d.latest = at
	}
	var twin []byte
	if fate.duplicated {
		d.counters.Duplicated++
		twin = append(d.buffers.get(), buf...)
	}
	if fate.corrupted {
		d.counters.Corrupted++
		corrupt(buf, fate.bit)
	}
	queue.push(at, buf)
	if fate.duplicated {
		queue.push(at, twin)
	}
}

// next returns the queue with the frame that arrives next, if any does.
func (d *Direction) next() *queue {
	switch {
	case d.heldUp.len() == 0:
		return &d.inOrder
	case d.inOrder.len() == 0 || d.heldUp.first().Before(d.inOrder.first()):
		return &d.heldUp
	}
	return &d.inOrder
}

// Deadline returns when the next frame arrives; the zero time means that none is
// under way.
func (d *Direction) Deadline() time.Time { return d.next().first() }

// Deliver returns the frames that have arrived by now, in order. They belong to
// the caller until the next call.
func (d *Direction) Deliver(now time.Time) [][]byte {
	d.buffers.put(d.out...)
	d.out = d.out[:0]
	for {
		buf, ok := d.next().pop(now)
		if !ok {
			break
		}
		d.out = append(d.out, buf)
	}
	d.counters.Delivered += uint64(len(d.out))
	return d.out
}
