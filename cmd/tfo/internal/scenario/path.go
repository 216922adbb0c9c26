package scenario

import "time"

// defaultRTT is long enough to be seen and short enough not to be waited for.

// A Path is what lies between the two hosts. It is the same both ways but for middleboxes, which know themselves which
// segments they mean.
type Path struct {
	// RTT is the round-trip time without jitter, half of it each way.
	RTT, Jitter time.Duration
	// Loss, Reorder and Duplicate are probabilities from 0 to 1.
	Loss, Reorder, Duplicate float64
	Rate                     int // bytes a second; 0 for no bottleneck
	MTU                      int // bytes; 0 means 1500
	Seed                     uint64
	// Middleboxes are names, as package path knows them.
	Middleboxes []string
}
