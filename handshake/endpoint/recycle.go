package endpoint

import (
	"net/netip"

	"tfocraft/handshake"
)

// maxSpares is how many connections are kept for others: enough for what ends between
// two that begin.
const maxSpares = 512

// spares are connections that have ended, for the memory in them: those of handlers that
// have promised to let go of them. All others are the application's for ever.
type spares struct {
	ended []*Conn // in this round
	free  []*Conn
}

// add notes that a connection has ended.
func (s *spares) add(c *Conn) {
	if c.handled != nil && c.handled.reuse {
		s.ended = append(s.ended, c)
	}
}

// collect takes those that have ended whose handler will not be called again. Nothing in
// the loop refers to them any more at the end of a round, but for the mailbox.
func (s *spares) collect(m *mailbox) {
	if len(s.ended) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range s.ended {
		if c.closed && !c.posted && !c.handled.stirred && c.deadlines == nil && len(s.free) < maxSpares {
			s.free = append(s.free, c)
		}
	}
	clear(s.ended)
	s.ended = s.ended[:0]
}

// server returns a connection with a fresh machine.
func (s *spares) server(ln *Listener, local, remote netip.AddrPort, config *handshake.Config) *Conn {
	last := len(s.free) - 1
	if last < 0 || !ln.config.ReuseConns || ln.config.Handler == nil {
		return ln.newConn(local, remote, handshake.NewServer(*config))
	}
	c := s.free[last]
	s.free[last] = nil
	s.free = s.free[:last]
	m, hd := c.machine, c.handled
	m.Reset(config)
	*hd = handled{handler: ln.config.Handler, reuse: true}
	*c = Conn{stack: ln.stack, local: local, remote: remote, machine: m, handled: hd}
	c.claim, c.timer.slot = ln.claim, notQueued
	return c
}

// newConn returns a connection of the listener's that has memory of its own.
func (ln *Listener) newConn(local, remote netip.AddrPort, m *handshake.Machine) *Conn {
	c := ln.stack.newConn(local, remote, m, ln.claim)
	if ln.config.Handler != nil {
		c.handled = &handled{handler: ln.config.Handler, reuse: ln.config.ReuseConns}
	}
	return c
}
