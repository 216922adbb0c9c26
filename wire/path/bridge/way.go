package bridge

import (
	"sync"
	"time"

	"tfocraft/wire/link"
	"tfocraft/wire/path"
)

const (
	readBatch = 64
	// late is by how much the timers of package time may be late outside of a
	// bubble, and a margin: what is left below it is slept by the kernel's clock.
	late = 2 * time.Millisecond
	// nap is how long such a sleep takes at most, for nothing interrupts it.
	nap = 250 * time.Microsecond
	// maxLag is how far back the time of a frame's receipt is believed: the
	// clock that it was read from may have been set since.
	maxLag = 100 * time.Millisecond
)

// A way moves frames from one link to another.
type way struct {
	from, to link.Link
	exact    bool // the links are the kernel's, and so is the time
	whole    []byte
	last     time.Time     // that was given to Send
	earlier  chan struct{} // the first frame under way arrives earlier than it did

	mu        sync.Mutex
	direction *path.Direction
	unsent    uint64
}

func newWay(from, to link.Link, d *path.Direction) *way {
	_, fromKernel := from.(*link.Packet)
	_, toKernel := to.(*link.Packet)
	return &way{from: from, to: to, exact: fromKernel || toKernel, direction: d, earlier: make(chan struct{}, 1)}
}

func (w *way) count() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Counters{w.direction.Counters(), w.unsent}
}

// read feeds the path until the link fails.
func (w *way) read() error {
	batch := make([]link.Frame, readBatch)
	for {
		n, err := w.from.ReadFrames(batch)
		if err != nil {
			return err
		}
		now := time.Now()
		for i := range batch[:n] {
			if err := w.take(now, &batch[i]); err != nil {
				return err
			}
		}
	}
}

func (w *way) take(now time.Time, f *link.Frame) error {
	if f.Outgoing {
		return nil
	}
	data := f.Data
	if f.Partial {
		w.whole = link.Complete(w.whole[:0], data)
		data = w.whole
	}
	if at := now.Add(-min(max(now.Sub(f.Time), 0), maxLag)); at.After(w.last) {
		w.last = at
	}
	w.mu.Lock()
	before := w.direction.Deadline()
	answer := w.direction.Send(w.last, data)
	first := w.direction.Deadline()
	w.mu.Unlock()
	if before.IsZero() && !first.IsZero() || first.Before(before) {
		select {
		case w.earlier <- struct{}{}:
		default:
		}
	}
	if answer == nil {
		return nil
	}
	return w.write(w.from, [][]byte{answer})
}

// deliver writes what has arrived until the bridge ends or the link fails.
func (w *way) deliver(ended <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		w.mu.Lock()
		frames := w.direction.Deliver(time.Now())
		next := w.direction.Deadline()
		w.mu.Unlock()
		if err := w.write(w.to, frames); err != nil {
			return err
		}
		// If there were some, others may have become due meanwhile.
		if len(frames) == 0 && !w.wait(next, timer, ended) {
			return nil
		}
	}
}

// wait returns true when it is worth a look whether a frame has arrived, and false
// when the bridge has ended.
func (w *way) wait(next time.Time, timer *time.Timer, ended <-chan struct{}) bool {
	var fires <-chan time.Time
	if !next.IsZero() {
		left := time.Until(next)
		if w.exact && left < late {
			sleep(min(left, nap))
			select {
			case <-ended:
				return false
			default:
				return true
			}
		}
		if w.exact {
			left -= late
		}
		timer.Reset(left)
		fires = timer.C
	}
	select {
	case <-ended:
		return false
	case <-w.earlier:
	case <-fires:
	}
	return true
}

// write sends the frames. One that the link refuses is left out.
func (w *way) write(to link.Link, frames [][]byte) error {
	for len(frames) > 0 {
		n, err := to.WriteFrames(frames)
		if err == nil {
			return nil
		}
		if fatal(err) {
			return err
		}
		w.mu.Lock()
		w.unsent++
		w.mu.Unlock()
		frames = frames[n+1:]
	}
	return nil
}
