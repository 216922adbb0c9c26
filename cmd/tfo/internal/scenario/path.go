package scenario

import (
	"time"

	"tfocraft/wire/path"
)

// defaultRTT is long enough to be seen and short enough not to be waited for.
const defaultRTT = 20 * time.Millisecond

// Way returns the path that the scenario is played over unless somebody wants another.
func (sc *Scenario) Way() path.Config {
	rtt := sc.RTT
	if rtt == 0 {
		rtt = defaultRTT
	}
	way := path.Way{Delay: rtt / 2, TooBig: path.TooBigICMP}
	return *path.Both(1, way, sc.Middleboxes...)
}

// roundTrip is the longest that a round trip over a path takes without a queue.
func roundTrip(c *path.Config) time.Duration { return slowest(&c.Forward) + slowest(&c.Backward) }

func slowest(w *path.Way) time.Duration {
	d := w.Delay + w.Jitter
	if w.Reorder > 0 {
		d += max(w.ReorderBy, w.Delay/4, time.Millisecond)
	}
	return d
}

// hearsay is how long after its departure a frame is heard of at the latest, unless a queue delays it: the time to wait
// before the frames of both ends can be put in the order in which one end had them.
func hearsay(c *path.Config) time.Duration {
	const margin = 20 * time.Millisecond
	return max(slowest(&c.Forward), slowest(&c.Backward)) + margin
}

// Over returns a path with another round-trip time, half of it each way.
func Over(c path.Config, rtt time.Duration) path.Config {
	c.Forward.Delay, c.Backward.Delay = rtt/2, rtt-rtt/2
	return c
}
