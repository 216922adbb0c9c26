package bridge

import (
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

// A port is where a link meets the path.
type port struct {
	link   link.Link
	place  path.Place
	whole  []byte // a frame whose checksum had to be finished
	unsent uint64
}

// read feeds the path until the link fails. What arrives at once, it delivers: there is no other goroutine to wait for.
func (br *Bridge) read(p *port) error {
	batch := make([]link.Frame, readBatch)
	for {
		n, err := p.link.ReadFrames(batch)
		if err != nil {
			return err
		}
		due, earlier := br.take(p, batch[:n])
		if due {
			if _, err := br.deliver(); err != nil {
				return err
			}
		}
		if earlier {
			select {
			case br.earlier <- struct{}{}:
			default:
			}
		}
	}
}

// take gives frames to the path. It reports whether the first frame under way is due now, and whether it is so earlier than
// it was before.
func (br *Bridge) take(p *port, frames []link.Frame) (due, earlier bool) {
	now := time.Now()
	br.mu.Lock()
	defer br.mu.Unlock()
	before := br.path.Deadline()
	for i := range frames {
		f := &frames[i]
		if f.Outgoing {
			continue
		}
		data := f.Data
		if f.Partial {
			p.whole = link.Complete(p.whole[:0], data)
			data = p.whole
		}
		if at := now.Add(-min(max(now.Sub(f.Time), 0), maxLag)); at.After(br.last) {
			br.last = at
		}
		br.path.Send(br.last, p.place, data)
	}
	first := br.path.Deadline()
	if first.IsZero() {
		return false, false
	}
	return !first.After(now), before.IsZero() || first.Before(before)
}

// deliver writes what has arrived and reports how many frames that were. It fails if a link does.
func (br *Bridge) deliver() (n int, err error) {
	br.delivering.Lock()
	defer br.delivering.Unlock()
	br.mu.Lock()
	arrived := br.path.Deliver(time.Now())
	br.mu.Unlock()
	for i, p := range br.ports {
		n += len(arrived[i])
		if err := br.write(p, arrived[i]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// write sends the frames. One that the link refuses is left out.
func (br *Bridge) write(p *port, frames [][]byte) error {
	for len(frames) > 0 {
		n, err := p.link.WriteFrames(frames)
		if err == nil {
			return nil
		}
		if fatal(err) {
			return err
		}
		br.mu.Lock()
		p.unsent++
		br.mu.Unlock()
		frames = frames[n+1:]
	}
	return nil
}

// await delivers frames when their time has come, until the bridge ends or a link fails.
func (br *Bridge) await() error {
	if br.exact {
		sleepExactly()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		n, err := br.deliver()
		if err != nil {
			return err
		}
		br.mu.Lock()
		next := br.path.Deadline()
		br.mu.Unlock()
		// If there were some, others may have become due meanwhile.
		if n == 0 && !br.wait(next, timer) {
			return nil
		}
	}
}

// wait returns true when it is worth a look whether a frame has arrived, and false
// when the bridge has ended.
func (br *Bridge) wait(next time.Time, timer *time.Timer) bool {
	var fires <-chan time.Time
	if !next.IsZero() {
		left := time.Until(next)
		if br.exact && left < late {
			sleep(min(left, nap))
			select {
			case <-br.ended:
				return false
			default:
				return true
			}
		}
		if br.exact {
			left -= late
		}
		timer.Reset(left)
		fires = timer.C
	}
	select {
	case <-br.ended:
		return false
	case <-br.earlier:
	case <-fires:
	}
	return true
}
