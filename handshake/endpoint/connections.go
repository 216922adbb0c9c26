package endpoint

import "time"

// Connections returns how many connections the stack has, in whatever state:
// those whose handshake is going on and those in TIME-WAIT are among them.
func (s *Stack) Connections() int {
	n := 0
	// An error means that the loop has ended, and every connection with it.
	_ = s.mail.call(func(time.Time) { n = s.loop.conns.n })
	return n
}
