package path

import "fmt"

// Config describes a path between two ends. The zero value, and nil where a pointer is taken, deliver every frame at once.
type Config struct {
	// Seed is what everything random follows from.
	Seed uint64
	// Forward is the way from the near end to the far one, Backward the other.
	Forward, Backward Way
	// Middleboxes stand half-way, in this order from the near end. Each sees the frames of both ways that are not too big.
	Middleboxes []Middlebox
	// FarHosts is how many hosts the far end has, which only the middlebox balance tells apart; 0 means 1.
	FarHosts int
	// Observer is told of every frame when its fate is known, in the order in which that happens, by whoever calls the
	// path's methods. Bytes are lent for the call. Nil observes nothing, which saves a copy of each frame.
	Observer func(Passage)
}

// maxFarHosts bounds how many hosts share the far end.
const maxFarHosts = 16

// Both returns the configuration of a path that is the same both ways, each with random numbers of its own.
func Both(seed uint64, way Way, boxes ...Middlebox) *Config {
	return &Config{Seed: seed, Forward: way, Backward: way, Middleboxes: boxes}
}

// Check returns an error for a value that no path can have.
func (c *Config) Check() error {
	for _, w := range []*Way{&c.Forward, &c.Backward} {
		if err := w.Check(); err != nil {
			return err
		}
	}
	for _, m := range c.Middleboxes {
		if err := m.check(); err != nil {
			return err
		}
	}
	if c.FarHosts < 0 || c.FarHosts > maxFarHosts {
		return fmt.Errorf("path: %d hosts at the far end are not 1 to %d", c.FarHosts, maxFarHosts)
	}
	return nil
}
