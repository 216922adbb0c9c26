package handshake

import (
	"time"

	"tfocraft/wire"
)

// A server can let a connection stay half-open until its client has sent something,
// so that no program is woken for one that has nothing to say. See
// Config.DeferAccept.

// savedAck is for how long the ACK of a SYN-ACK waits for data to go with.
const savedAck = 200 * time.Millisecond

// defers reports whether a segment ends the handshake and brings nothing.
func (m *Machine) defers(s *wire.Segment) bool {
	h := &m.handshake
	return !m.active && !h.fastOpened && h.retries < int16(h.deferAccept) && s.End() == m.recv.nxt
}

// deferAccept treats such a segment as though it had not come, but that the client
// need not be told again what it knows.
func (m *Machine) deferAccept(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	m.handshake.deferred = true
	if m.ts.on && set.HasTimestamps {
		m.ts.update(now, s, set.Timestamps.Val, m.recv.lastAck)
	}
	return m.drop(DropDeferred, out)
}

// deferring reports whether the client has acknowledged the SYN-ACK and may still
// take its time. The SYN-ACK goes again no earlier than that is over, so that the
// client has a chance to end the handshake.
func (m *Machine) deferring() bool {
	return m.handshake.deferred && m.handshake.retries < int16(m.handshake.deferAccept)
}

// savesAck reports whether the ACK of a SYN-ACK waits for data to go with: somebody
// is about to write, or has switched quick acknowledgements off.
func (m *Machine) savesAck() bool {
	return m.handshake.deferAccept > 0 || m.recv.quick.interactive && m.config.QuickAcks > 0
}

// saveAck lets it wait.
func (m *Machine) saveAck(now instant) {
	m.beginQuickAcks()
	m.timers.delayedAck = now.Add(savedAck)
}
