package handshake

import (
	"time"

	"tfocraft/wire"
)

// inputSynchronized is RFC 9293, Section 3.10.7.4, with the tests of RFC 5961
// and RFC 7323, for every state from SYN-RECEIVED on.
func (m *Machine) inputSynchronized(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	if s.Flags.Has(wire.SYN) && s.Flags.Any(wire.FIN|wire.RST) {
		return m.drop(DropBadFlags, out)
	}
	why, out := m.validate(now, s, set, out)
	if why != 0 {
		return m.drop(why, out)
	}
	switch {
	case s.Flags.Has(wire.RST):
		return m.inputReset(now, s, out)
	case s.Flags.Has(wire.SYN):
		// RFC 5961, Section 4: whatever its sequence number.
		return m.drop(DropUnexpectSYN, m.challengeAck(now, out))
	case !s.Flags.Has(wire.ACK):
		return m.drop(DropNoFlags, out)
	}
	window, predicted := m.send.window, m.config.LinuxSender && m.isPredicted(s)
	usable, out := m.inputAck(now, s, set, out)
	if !usable || m.state == Closed {
		return out
	}
	if m.ts.on && set.HasTimestamps {
		m.ts.update(now, s, set.Timestamps.Val, m.recv.lastAck)
	}
	m.takeMark(s)
	predicted = predicted && m.send.window == window
	out = m.inputData(now, s, out)
	if m.held = m.canWait(); !m.held && !predicted {
		out = m.flush(now, out)
	}
	if m.recv.ackAtOnce {
		return m.acknowledge(now, out)
	}
	return out
}

// isPredicted reports whether a segment only has the next data: as long as the window is
// the same, Linux does not look for what may be sent then, such as what more was to follow
// (header prediction).
func (m *Machine) isPredicted(s *wire.Segment) bool {
	return m.state == Established && len(s.Payload) > 0 && s.Flags&^wire.PSH == wire.ACK && s.Seq == m.recv.nxt && s.Ack == m.send.una && len(m.recv.early.runs) == 0
}

// inputSynReceived takes what is special before the handshake is done and
// leaves the rest to inputSynchronized.
func (m *Machine) inputSynReceived(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	known := s.Flags.Has(wire.SYN) && !s.Flags.Any(wire.FIN|wire.RST) && s.Seq == m.recv.irs
	switch {
	case known && !s.Flags.Has(wire.ACK):
		m.askedAgain(s.Flags)
		return m.repeatedSyn(now, out)
	case known && m.active:
		// The crossing SYN-ACK of a simultaneous open: its SYN is known, its ACK
		// is what counts. Data in it comes again.
		return m.inputCrossedSynAck(now, s, set, out)
	case !m.handshake.synAckSent && (s.Seq != m.recv.nxt || !s.Flags.Has(wire.RST)):
		// The SYN-ACK waits for the application: nobody can have an answer to it.
		return m.drop(DropSequence, out)
	}
	out = m.inputSynchronized(now, s, set, out)
	if m.state.Synchronized() {
		// What was read of the SYN's data has not been told yet.
		out = m.updatePeer(now, out)
	}
	return out
}

// validate says why a segment cannot be used, after answering it if that is
// due: PAWS first, then the window (RFC 7323, Section 5.3; RFC 9293,
// Section 3.10.7.4, first check).
func (m *Machine) validate(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) (DropReason, []Output) {
	reset := s.Flags.Has(wire.RST)
	if m.ts.on && !reset {
		switch {
		case !set.HasTimestamps && !s.Flags.Has(wire.SYN) && !m.config.LaxTimestamps:
			// RFC 7323, Section 3.2: such a segment should be dropped.
			return DropNoTimestamp, out
		case set.HasTimestamps && m.ts.old(now, set.Timestamps.Val):
			return DropTimestamp, m.answerOld(now, s, out)
		}
	}
	if m.recv.acceptable(s.Seq, s.Len()) && (reset || !m.recv.behindFin(s.Seq)) {
		m.hear(now)
		return 0, out
	}
	switch {
	case reset:
		return DropSequence, out
	case s.Flags.Has(wire.SYN):
		return DropUnexpectSYN, m.challengeAck(now, out)
	case m.state == TimeWait && s.Flags.Has(wire.FIN):
		m.timers.final = now.Add(m.config.TimeWait)
	}
	if len(s.Payload) > 0 {
		m.beginQuickAcks()
	}
	if before := m.recv.nxt.Diff(s.DataSeq()); before > 0 {
		m.recv.again(s.DataSeq(), min(before, len(s.Payload)))
	}
	return DropSequence, m.answerOld(now, s, out)
}

// probeInterval is the least time between answers to what may be probes.
const probeInterval = 100 * time.Millisecond

// answerOld acknowledges a segment that is of no use. Two ends that each think
// the other's are old must not answer each other for ever, so bare
// acknowledgements are answered seldom, and probes of RCV.NXT-1 not as fast as
// they may come.
func (m *Machine) answerOld(now instant, s *wire.Segment, out []Output) []Output {
	switch {
	case s.Flags.Has(wire.SYN), s.Len() == 0 && s.Seq != m.recv.nxt.Add(-1):
		return m.challengeAck(now, out)
	case s.Len() == 0:
		if now.Sub(m.handshake.answeredAt) < probeInterval {
			return out
		}
		m.handshake.answeredAt = now
	}
	return m.sendAck(now, out)
}

// inputReset is RFC 9293, Section 3.10.7.4, second check, with RFC 5961,
// Section 3: only an exact hit resets.
func (m *Machine) inputReset(now instant, s *wire.Segment, out []Output) []Output {
	switch {
	case m.state == TimeWait:
		// RFC 1337: a reset must not cut TIME-WAIT short.
		return m.drop(DropReset, out)
	case s.Seq != m.recv.nxt:
		return m.drop(DropReset, m.challengeAck(now, out))
	case m.state == SynReceived && m.active:
		return m.end(ErrRefused, out)
	}
	return m.end(ErrReset, out)
}

// inputCrossedSynAck finishes a simultaneous open.
func (m *Machine) inputCrossedSynAck(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	if !m.ackOfSyn(s) {
		return m.drop(DropAck, m.resetAt(s.Ack, out))
	}
	m.send.updateWindow(s)
	out = m.confirm(now, s, set, out)
	if m.handshake.sack {
		m.recv.again(m.recv.irs, 1) // its SYN has come twice (RFC 2883, Section 4)
	}
	before := len(out)
	out = m.flush(now, out)
	if len(out) == before {
		// As in Linux its SYN is reported as one that has come twice (RFC 2883).
		m.recv.again(m.recv.irs, 1)
		m.beginQuickAcks()
		out = m.sendAck(now, out)
	}
	return out
}

// ackOfSyn reports whether the segment acknowledges our SYN, and nothing that
// we have not sent.
func (m *Machine) ackOfSyn(s *wire.Segment) bool {
	return m.send.iss.Less(s.Ack) && s.Ack.LessEq(m.send.nxt)
}

// inputData takes payload and FIN (RFC 9293, Section 3.10.7.4, seventh and
// eighth check).
func (m *Machine) inputData(now instant, s *wire.Segment, out []Output) []Output {
	switch m.state {
	case Established, FinWait1, FinWait2:
	default:
		// The peer has closed its side. A repeated FIN was out of window and is
		// answered already.
		return out
	}
	end := s.DataSeq().Add(len(s.Payload))
	if m.closed && len(s.Payload) > 0 && m.recv.nxt.Less(end) {
		// RFC 9293, Section 3.6.1: nobody will read it, and the peer should know.
		return m.end(ErrAborted, m.resetReader(s, out))
	}
	if m.deaf && m.state != Established && len(s.Payload) > 0 && m.recv.nxt.Less(end) {
		return m.end(ErrReset, m.resetReader(s, out))
	}
	before := m.recv.nxt
	out, kept := m.recv.take(s.DataSeq(), s.Payload, out)
	if m.recv.nxt != before {
		m.dataCame(now)
	}
	if !kept {
		out = m.drop(DropNoRoom, out)
	}
	fin := m.recv.finComplete()
	if s.Flags.Has(wire.FIN) {
		fin = m.recv.fin(end)
	}
	if fin {
		out = m.peerClosed(!s.Flags.Has(wire.FIN), out)
		out = m.afterPeerClosed(now, out)
	}
	return out
}

// resetReader resets a peer that has sent s. A reset counts at the very number that
// the peer is at (RFC 5961, Section 3.2): that is what it has acknowledged, as Linux
// has it, or by then what is still on its way to it.
func (m *Machine) resetReader(s *wire.Segment, out []Output) []Output {
	out = m.resetAt(s.Ack, out)
	if m.send.nxt != s.Ack {
		out = m.resetAt(m.send.nxt, out)
	}
	return out
}

// endHolding sends all that waits, be it for the end of a run or for the next Push,
// before a segment that may tell of a loss or of congestion: how far the window shrinks
// goes by how much is in flight then. An ACK of what was not sent yet is no reason to
// send it.
func (m *Machine) endHolding(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	marked := m.ecn.sends && s.Flags.Has(wire.ECE)
	plain := set.NumSACK == 0 && m.send.una.Less(s.Ack) && !m.tail.under && !marked
	if plain || m.send.nxt.Less(s.Ack) {
		return out
	}
	for m.held || m.send.more {
		m.held = false
		out = m.flush(now, out)
	}
	return out
}

// finishRun does what a run of segments has left to its end.
func (m *Machine) finishRun(now instant, out []Output) []Output {
	if m.held {
		m.held = false
		out = m.flush(now, out)
	}
	return m.acknowledge(now, out)
}

// acknowledge sends or schedules the ACK for what was taken (RFC 9293,
// Section 3.8.6.3; RFC 5681, Section 4.2): at once for every second full
// segment, for a gap and for its end.
func (m *Machine) acknowledge(now instant, out []Output) []Output {
	r := &m.recv
	switch {
	case m.state < Established || r.unacked == 0 && !r.ackAtOnce && !r.ackOwed:
		return out
	case m.ackIsDue(), !m.delayAck(now):
		return m.sendAck(now, out)
	}
	return out
}
