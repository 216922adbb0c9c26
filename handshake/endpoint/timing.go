package endpoint

import "time"

// Timing tells when things happened; the zero time means not yet.
type Timing struct {
	Syn         time.Time // the first SYN was sent, or came in
	Established time.Time // the handshake was over
	FirstByte   time.Time // the first byte from the peer came in
}

// timing is a Timing in the room of little more than one time.
type timing struct {
	syn time.Time
	// Since then, and one nanosecond more; 0 means not yet.
	established, firstByte time.Duration
}

func (t *timing) since(now time.Time) time.Duration { return now.Sub(t.syn) + 1 }

func (t *timing) report() Timing {
	r := Timing{Syn: t.syn}
	if t.established > 0 {
		r.Established = t.syn.Add(t.established - 1)
	}
	if t.firstByte > 0 {
		r.FirstByte = t.syn.Add(t.firstByte - 1)
	}
	return r
}
