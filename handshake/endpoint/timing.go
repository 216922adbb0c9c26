package endpoint

import "time"

// Timing tells when things happened; the zero time means not yet.
type Timing struct {
	Syn         time.Time // the first SYN was sent, or came in
	Established time.Time // the handshake was over
	FirstByte   time.Time // the first byte from the peer came in
}

// timing is a Timing in the room of one time: in nanoseconds from when the stack began,
// and one more; 0 means not yet.
type timing struct {
	syn, established, firstByte int64
}

// mark sets one of the times, unless it is set already.
func (s *Stack) mark(t *int64, now time.Time) {
	if *t == 0 {
		*t = int64(now.Sub(s.began)) + 1
	}
}

func (s *Stack) marked(t int64) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return s.began.Add(time.Duration(t - 1))
}

func (s *Stack) report(t timing) Timing {
	return Timing{Syn: s.marked(t.syn), Established: s.marked(t.established), FirstByte: s.marked(t.firstByte)}
}
