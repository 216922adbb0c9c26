package path

import "math/rand/v2"

// luck is what happens to one frame by chance.
type luck struct {
	lost, duplicated, held, corrupted bool
	jitter, bit                       float64 // from 0 to 1: how much of it, and which
}

// A lottery draws it. It takes the same number of values from the stream for each,
// whatever comes of it.
type lottery struct {
	way    Way
	rng    *rand.Rand
	losing bool // the last frame was lost
}

func (s *lottery) draw() luck {
	loss, duplicate, reorder, corrupt := s.rng.Float64(), s.rng.Float64(), s.rng.Float64(), s.rng.Float64()
	s.losing = loss < s.lossNow()
	return luck{
		lost:       s.losing,
		duplicated: duplicate < s.way.Duplicate,
		held:       reorder < s.way.Reorder,
		corrupted:  corrupt < s.way.Corrupt,
		jitter:     s.rng.Float64(),
		bit:        s.rng.Float64(),
	}
}

// lossNow returns the probability that this frame is lost.
func (s *lottery) lossNow() float64 {
	switch {
	case s.way.LossBurst <= 1 || s.way.Loss == 1:
		return s.way.Loss
	case s.losing:
		return 1 - 1/s.way.LossBurst
	}
	return s.way.burstStart()
}
