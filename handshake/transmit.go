package handshake

import (
	"time"

	"tfocraft/wire"
)

// transmit completes a segment with ports, acknowledgement and window, and
// emits it. SYN segments set their own window, resets none.
func (m *Machine) transmit(s wire.Segment, out []Output) []Output {
	s.SrcPort, s.DstPort = m.config.LocalPort, m.config.RemotePort
	if s.Flags.Has(wire.ACK) {
		s.Ack = m.recv.nxt
		if !s.Flags.Any(wire.SYN | wire.RST) {
			s.Window = m.recv.announce(m.segmentSize())
		}
		m.recv.lastAck = m.recv.nxt
		m.recv.unacked = 0
		m.recv.ackAtOnce = false
		m.timers.delayedAck = time.Time{}
	}
	return append(out, Output{Kind: Transmit, Segment: s})
}

// sendAck sends an acknowledgement without data.
func (m *Machine) sendAck(now time.Time, out []Output) []Output {
	return m.transmit(wire.Segment{Seq: m.send.emptySeq(), Flags: wire.ACK, Options: m.ackOptions(now)}, out)
}

// updatePeer tells of room that reading has made, if the peer may be waiting for
// it (RFC 9293, Section 3.8.6.2.2).
func (m *Machine) updatePeer(now time.Time, out []Output) []Output {
	switch m.state {
	case Established, FinWait1, FinWait2:
		if m.recv.windowUpdateDue(m.segmentSize()) {
			return m.sendAck(now, out)
		}
	}
	return out
}

// challengeInterval is the least time between two challenge ACKs of one
// connection (RFC 5961, Section 7, wants a limit; one for each connection gives
// nothing away about others).
const challengeInterval = 500 * time.Millisecond

// challengeAck answers a suspicious segment with the present state of things
// (RFC 5961): the true peer will know what to do.
func (m *Machine) challengeAck(now time.Time, out []Output) []Output {
	if !m.challenge.IsZero() && now.Sub(m.challenge) < challengeInterval {
		return out
	}
	m.challenge = now
	m.info.Challenges++
	return m.sendAck(now, out)
}

// maySend reports whether data may go out in this state.
func (m *Machine) maySend() bool {
	switch m.state {
	case Established, CloseWait, FinWait1, Closing, LastAck:
		return true
	case SynReceived:
		// RFC 7413, Section 4.2.2: the response to SYN data need not wait for the
		// ACK.
		return m.handshake.fastOpened && m.handshake.synAckSent && !m.config.NoDataBeforeAck
	}
	return false
}

// flush sends what the windows allow.
func (m *Machine) flush(now time.Time, out []Output) []Output {
	if !m.maySend() {
		return out
	}
	m.retryPath(now)
	if m.send.inFlight() == 0 && now.Sub(m.send.lastSent) > m.rtt.rto {
		m.cwnd.idle(m.segmentSize())
	}
	var options wire.Options
	for {
		n := m.sendable()
		fin := m.send.finDue() && n == m.send.unsent() && m.state != SynReceived
		if n == 0 && !fin {
			break
		}
		if options == nil {
			options = m.ackOptions(now)
		}
		out = m.sendData(now, n, fin, options, out)
	}
	m.schedule(now)
	return out
}

// sendable is how many bytes the next segment carries, 0 if it has to wait:
// for the windows, for Nagle, or because so small a piece is not worth sending
// (RFC 9293, Sections 3.7.4 and 3.8.6.2.1).
func (m *Machine) sendable() int {
	s := &m.send
	size, unsent := m.segmentSize(), s.unsent()
	room := min(s.window, m.cwnd.window) - s.inFlight()
	n := min(size, unsent, room)
	switch {
	case n <= 0:
		return 0
	case n == size, n >= s.maxWindow/2 && n == room:
		return n
	case n == unsent && !(m.config.Nagle && s.inFlight() > 0 && !s.finQueued):
		return n
	}
	return 0
}

// sendData sends the n bytes at SND.NXT, and the FIN behind them if fin is set.
func (m *Machine) sendData(now time.Time, n int, fin bool, options wire.Options, out []Output) []Output {
	s := &m.send
	seg := wire.Segment{Seq: s.nxt, Flags: wire.ACK, Options: options}
	if n > 0 {
		seg.Payload = s.slice(s.nxt, n)
		if n == s.unsent() {
			seg.Flags |= wire.PSH
		}
	}
	if fin {
		seg.Flags |= wire.FIN
		n++
	}
	s.sent(now, n)
	out = m.transmit(seg, out)
	if fin {
		out = m.finSent(out)
	}
	return out
}

// schedule keeps the right timer running: retransmission while something is
// outstanding, the window probe while something waits with nothing outstanding
// to wake it. In SYN-RECEIVED the SYN-ACK's timer does for both.
func (m *Machine) schedule(now time.Time) {
	t := &m.timers
	switch {
	case m.state == SynReceived:
	case m.send.inFlight() > 0:
		t.persist, m.send.probes = time.Time{}, 0
		if t.retransmit.IsZero() {
			m.armRetransmit(now)
		}
	case m.send.unsent() > 0:
		t.retransmit = time.Time{}
		if t.persist.IsZero() {
			t.persist = now.Add(m.rtt.rto)
		}
	default:
		t.retransmit, t.persist, m.send.probes = time.Time{}, time.Time{}, 0
	}
}

// dataTimeout sends the oldest segment again (RFC 6298, Section 5.4 to 5.6;
// RFC 5681, Section 3.1).
func (m *Machine) dataTimeout(now time.Time, out []Output) []Output {
	s := &m.send
	if s.timeouts >= m.config.Retries {
		return m.end(ErrTimeout, out)
	}
	s.timeouts++
	m.cwnd.timedOut(s.inFlight(), m.segmentSize(), s.timeouts == 1)
	m.rtt.backOff()
	return m.resend(now, out)
}

// resend begins again at SND.UNA. The first segment goes out whatever the
// window says: the peer may have closed it over bytes that were sent before.
func (m *Machine) resend(now time.Time, out []Output) []Output {
	s := &m.send
	m.info.Retransmits++
	s.rewind()
	s.timing = false
	n := min(m.segmentSize(), s.unsent())
	out = m.sendData(now, n, s.finDue() && n == s.unsent(), m.ackOptions(now), out)
	m.armRetransmit(now)
	return out
}

// persistTimeout probes a closed window, or sends a small segment that has
// waited long enough (RFC 9293, Section 3.8.6.1). As in Linux the probe is an
// old sequence number without data, which the peer must answer.
func (m *Machine) persistTimeout(now time.Time, out []Output) []Output {
	s := &m.send
	options := m.ackOptions(now)
	if n := min(m.segmentSize(), s.unsent(), s.window-s.inFlight()); n > 0 {
		out = m.sendData(now, n, s.finDue() && n == s.unsent(), options, out)
		m.schedule(now)
		return out
	}
	if s.timeouts >= max(m.config.Retries, 1) {
		return m.end(ErrTimeout, out)
	}
	s.timeouts++
	s.probes++
	m.timers.persist = now.Add(m.rtt.backedOff(s.probes))
	probe := wire.Segment{Seq: s.una.Add(-1), Flags: wire.ACK, Options: options}
	return m.transmit(probe, out)
}

// afterWrite sends what was just queued.
func (m *Machine) afterWrite(now time.Time, out []Output) []Output {
	if m.state == SynReceived && !m.handshake.synAckSent {
		return m.sendSynAck(now, out)
	}
	return m.flush(now, out)
}
