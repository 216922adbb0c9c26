package drill

import (
	"fmt"
	"time"

	"tfocraft/handshake/drill/script"
)

// A window is when an event may happen, in the script's time.
type window struct {
	from, to time.Duration
	any      bool          // whenever it happens
	actual   bool          // what follows counts from when it has happened
	end      time.Duration // of a call that blocks
	blocks   bool
}

// window turns the time of an event into the script's time.
func (p *player) window(t *script.Time) window {
	w := window{from: t.At, to: t.At, blocks: t.Blocks, end: t.End}
	switch t.Kind {
	case script.Relative:
		w.from, w.to, w.end = p.base+t.At, p.base+t.At, p.base+t.End
	case script.AbsoluteRange:
		w.to, w.actual = t.End, true
	case script.RelativeRange:
		w.from, w.to, w.actual = p.base+t.At, p.base+t.End, true
	case script.Anytime:
		w.from, w.any, w.actual = p.venue.elapsed(), true, true
		w.to = w.from
	case script.Immediately:
		w.from, w.to = p.base, p.base
	}
	return w
}

// reached returns what the next event counts from.
func (w *window) reached(p *player) time.Duration {
	if w.actual {
		return p.venue.elapsed()
	}
	return w.from
}

// insist lets the tolerance of the configuration, if it has one, count more than
// what the script says.
func (p *player) insist() {
	if t := p.config.Tolerance; t > 0 {
		p.tolerance, p.percent = t, 0
	}
}

// slack returns how early or late an event may be that is due at a time.
func (p *player) slack(due time.Duration) time.Duration {
	return max(p.tolerance, time.Duration(p.percent/100*float64(due-p.base)))
}

// seconds writes a time as scripts do.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
