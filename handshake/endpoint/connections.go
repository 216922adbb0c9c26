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

// Buffered returns how much memory the connections of the stack hold for data, in
// bytes: for what has come and was not read, what was written and is not
// acknowledged, and what has come before its turn. The connections themselves are not
// among it. It looks at each of them, and costs nothing but then.
func (s *Stack) Buffered() int {
	n := 0
	_ = s.mail.call(func(time.Time) {
		for c := range s.loop.conns.all() {
			n += c.buffered()
		}
	})
	return n
}

func (c *Conn) buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.Cap() + cap(c.rest) + c.machine.Buffered()
}
