package handshake

import (
	"tfocraft/wire"
)

// persistTimeout probes a closed window, or sends a small segment that has
// waited long enough (RFC 9293, Section 3.8.6.1). As in Linux the probe is an
// old sequence number without data, which the peer must answer, and the small
// segment is pushed, for more does not follow soon.
func (m *Machine) persistTimeout(now instant, out []Output) []Output {
	s := &m.send
	if n := max(min(m.segmentSize(), s.nextRecord(), s.window-s.inFlight()), 0); n > 0 || s.finFollows(n) {
		at, small := len(out), s.small
		out = m.sendNext(now, n, s.finFollows(n), out)
		if m.config.LinuxSender {
			s.small = small // Nagle's algorithm does not wait for it, as in Linux
		}
		if n > 0 {
			out[at].Segment.Flags |= wire.PSH
		}
		m.schedule(now)
		return out
	}
	if s.timeouts >= max(m.config.Retries, 1) || m.userTimedOut(now) {
		return m.end(ErrTimeout, out)
	}
	s.timeouts++
	s.probes++
	m.untouchedAgain(now)
	m.timers.persist = m.beforeUserTimeout(now.Add(m.rtt.backedOff(int(s.probes))))
	return m.probe(now, out)
}

// restartPersist is for an acknowledgement that leaves the window closed: in Linux the
// next probe waits for as long as if the last one had just gone.
func (m *Machine) restartPersist(now instant) {
	s := &m.send
	if m.config.LinuxSender && !m.timers.persist.IsZero() && s.inFlight() == 0 && s.window == 0 {
		m.timers.persist = m.beforeUserTimeout(now.Add(m.rtt.backedOff(int(s.probes))))
	}
}

// probe sends a segment that a peer must answer with an acknowledgement: its
// sequence number is old (RFC 9293, Sections 3.8.4 and 3.8.6.1). For that reason
// the peer does not look at what it acknowledges.
func (m *Machine) probe(now instant, out []Output) []Output {
	if m.recv.unacked > 0 {
		out = m.sendAck(now, out)
	}
	return m.transmit(wire.Segment{Seq: m.send.una.Add(-1), Flags: wire.ACK, Options: m.ackOptions(now)}, out)
}
