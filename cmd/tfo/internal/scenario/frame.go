package scenario

import (
	"time"

	"tfocraft/wire/bilingual"
)

// A Frame is one frame between the two hosts, as the path has seen it.
type Frame struct {
	FromClient bool
	// Bytes are those that it left with; Arrived those that it arrived with where a middlebox has changed it, else nil.
	Bytes, Changed []byte
	// Departed is when it left its host, Arrived when it came to the other; zero for one that did not.
	Departed, Arrived time.Time
	// Fate is what befell a frame that did not arrive, "lost" for instance.
	Fate bilingual.Text
}

// AtClient returns the frame as the client's end of the path has it, and when. What never came there is as it left.
func (f *Frame) AtClient() (frame []byte, at time.Time) {
	switch {
	case f.FromClient || f.Arrived.IsZero():
		return f.Bytes, f.Departed
	case f.Changed != nil:
		return f.Changed, f.Arrived
	}
	return f.Bytes, f.Arrived
}
