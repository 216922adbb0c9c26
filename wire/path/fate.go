package path

import "math/rand/v2"

// A fate is what happens to one frame.
type fate struct {
	lost, duplicated, held, corrupted bool
	jitter, bit                       float64 // from 0 to 1: how much of it, and which
}

// fates draws them. It takes the same number of values from the stream for each,
// whatever comes of it.
type fates struct {
	cfg    Config
	rng    *rand.Rand
	losing bool // the last frame was lost
}

func (s *fates) draw() fate {
	loss, duplicate, reorder, corrupt := s.rng.Float64(), s.rng.Float64(), s.rng.Float64(), s.rng.Float64()
	s.losing = loss < s.lossNow()
	return fate{
		lost:       s.losing,
		duplicated: duplicate < s.cfg.Duplicate,
		held:       reorder < s.cfg.Reorder,
		corrupted:  corrupt < s.cfg.Corrupt,
		jitter:     s.rng.Float64(),
		bit:        s.rng.Float64(),
	}
}

// lossNow returns the probability that this frame is lost.
func (s *fates) lossNow() float64 {
	switch {
	case s.cfg.LossBurst <= 1 || s.cfg.Loss == 1:
		return s.cfg.Loss
	case s.losing:
		return 1 - 1/s.cfg.LossBurst
	}
	return s.cfg.burstStart()
}
