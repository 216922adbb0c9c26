package load

import (
	"math"
	"time"
)

// A schedule says when exchanges begin.
type schedule struct {
	rate float64 // a second; 0 means whenever there is room
	ramp time.Duration
}

// at returns when exchange k is to begin: the rate grows evenly until the ramp is
// over.
func (s *schedule) at(k uint64) time.Duration {
	n, ramp := float64(k), s.ramp.Seconds()
	seconds := n / s.rate
	if ramp > 0 {
		if onRamp := s.rate * ramp / 2; n < onRamp {
			seconds = math.Sqrt(2 * n * ramp / s.rate)
		} else {
			seconds = ramp + (n-onRamp)/s.rate
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

// before returns how many exchanges are to begin before a time.
func (s *schedule) before(t time.Duration) uint64 {
	seconds, ramp := t.Seconds(), s.ramp.Seconds()
	n := s.rate * (seconds - ramp/2)
	if seconds < ramp {
		n = s.rate * seconds * seconds / (2 * ramp)
	}
	return uint64(math.Ceil(n))
}

// share returns how much of a concurrency the ramp permits.
func (s *schedule) share(now time.Duration, concurrency int) int {
	if s.rate > 0 || now >= s.ramp {
		return concurrency
	}
	return min(concurrency, 1+int(int64(concurrency)*int64(now)/int64(s.ramp)))
}
