package handshake

import (
	"time"

	"tfocraft/wire"
)

// inputAck is RFC 9293, Section 3.10.7.4, fifth check. It reports whether the
// rest of the segment may be used.
func (m *Machine) inputAck(now time.Time, s *wire.Segment, set *wire.OptionSet, out []Output) (bool, []Output) {
	if m.state == SynReceived {
		if !m.ackOfSyn(s) {
			return false, m.drop(DropAck, m.resetAt(s.Ack, out))
		}
		m.send.updateWindow(s)
		out = m.confirm(now, s, set, out)
		m.schedule(now)
		return true, out
	}
	if !m.ackAcceptable(s.Ack) {
		return false, m.drop(DropAck, m.challengeAck(now, out))
	}
	if m.send.una.Less(s.Ack) {
		m.newAck(now, s, set)
	}
	if m.send.una.LessEq(s.Ack) {
		m.send.updateWindow(s)
	}
	if !m.closed && (m.send.inFlight() == 0 || m.send.window == 0) {
		// RFC 9293, Section 3.8.6.1: a closed window does not end a connection as
		// long as its owner answers, be it to probes or to data sent before. One
		// that the application has given up is not kept at the peer's pleasure
		// (RFC 6429).
		m.send.timeouts = 0
	}
	return true, m.afterAck(now, out)
}

// ackAcceptable is the range of RFC 5961, Section 5.
func (m *Machine) ackAcceptable(ack wire.Seq) bool {
	return m.send.una.Add(-m.send.maxWindow).LessEq(ack) && ack.LessEq(m.send.max)
}

// newAck takes an acknowledgement of something new.
func (m *Machine) newAck(now time.Time, s *wire.Segment, set *wire.OptionSet) {
	m.measure(now, s, set)
	acked := m.send.advance(s.Ack)
	m.send.timeouts = 0
	m.cwnd.acked(acked, m.segmentSize())
	m.timers.retransmit = time.Time{}
}

// measure takes a round-trip sample: from the segment that is timed, or from
// the echoed timestamp, which is good for repeated segments too (RFC 7323,
// Section 4.1).
func (m *Machine) measure(now time.Time, s *wire.Segment, set *wire.OptionSet) {
	switch {
	case m.send.timing && m.send.timeSeq.LessEq(s.Ack):
		m.rtt.sample(now.Sub(m.send.timedAt))
		m.send.timing = false
	case !m.send.timing && m.ts.on && m.ts.echoes(now, set.Timestamps.Ecr):
		m.rtt.sample(m.ts.elapsed(now, set.Timestamps.Ecr))
	}
}

// afterAck moves on when our FIN is acknowledged.
func (m *Machine) afterAck(now time.Time, out []Output) []Output {
	m.schedule(now)
	if !m.send.finAcked() {
		return out
	}
	switch m.state {
	case FinWait1:
		if m.closed {
			m.timers.final = now.Add(m.config.FinWait2)
		}
		return m.setState(FinWait2, out)
	case Closing:
		return m.enterTimeWait(now, out)
	case LastAck:
		return m.end(nil, out)
	}
	return out
}
