package handshake

import (
	"time"

	"tfocraft/wire"
)

// inputAck is RFC 9293, Section 3.10.7.4, fifth check. It reports whether the
// rest of the segment may be used.
func (m *Machine) inputAck(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) (bool, []Output) {
	if m.state == SynReceived {
		if !m.ackOfSyn(s) {
			return false, m.drop(DropAck, m.resetAt(s.Ack, out))
		}
		if m.defers(s) {
			return false, m.deferAccept(now, s, set, out)
		}
		if m.config.LinuxSender && !m.handshake.fastOpened && !m.active {
			m.send.maxWindow = 0 // what the SYN has said does not count in Linux
		}
		m.send.updateWindow(s)
		m.handshake.unreachable = false
		window := m.send.window
		out = m.confirm(now, s, set, out)
		if m.handshake.sack && set.NumSACK > 0 {
			// Data was sent before, and some of it has got lost, or our SYN-ACK's
			// first acknowledgement has.
			m.takeAck(now, s, set, window)
		}
		if m.handshake.synAckFin {
			return true, m.afterAck(now, m.finSent(out))
		}
		m.schedule(now)
		return true, out
	}
	if !m.ackAcceptable(s.Ack) {
		return false, m.drop(DropAck, m.challengeAck(now, out))
	}
	if m.send.una.LessEq(s.Ack) {
		m.handshake.unreachable = false
		windowBefore := m.send.window
		m.send.updateWindow(s)
		m.takeAck(now, s, set, windowBefore)
	}
	open, idle := m.send.window > 0, m.send.inFlight() == 0
	if open && idle || !m.closed && (idle || !open) {
		// RFC 9293, Section 3.8.6.1: a closed window does not end a connection as
		// long as its owner answers, be it to probes or to data sent before. One
		// that the application has given up is not kept at the peer's pleasure
		// (RFC 6429), but has all its tries when the window is open.
		m.send.timeouts = 0
	}
	return true, m.afterAck(now, out)
}

// ackAcceptable is the range of RFC 5961, Section 5, but for what lies before the
// ISS: as in Linux nobody acknowledges what was never sent, and the fewer numbers
// are acceptable the more a blind attacker has to guess.
func (m *Machine) ackAcceptable(ack wire.Seq) bool {
	s := &m.send
	behind := int(min(uint64(s.maxWindow), s.confirmed+1)) // with the FIN
	return s.una.Add(-behind).LessEq(ack) && ack.LessEq(s.nxt)
}

// takeAck takes what an acknowledgement says has arrived: the bytes before it,
// and those in its SACK blocks.
func (m *Machine) takeAck(now instant, s *wire.Segment, set *wire.OptionSet, windowBefore int) {
	var d delivery
	b := &m.send.board
	if m.send.inFlight() == 0 && m.send.una == s.Ack {
		// It can only be about something that has come twice.
		m.takeBlocks(s, set, &d)
		m.undoIfReported(0)
		m.endTailProbe(s, set, 0)
		return
	}
	duplicate := !m.handshake.sack && m.isDuplicate(s, windowBefore)
	acked := s.Ack.Diff(m.send.from())
	reach := s.Ack
	b.acked(s.Ack, &d)
	m.takeBlocks(s, set, &d)
	if m.handshake.sack {
		reach = b.highestSacked(s.Ack)
	}
	if acked > 0 {
		m.newAck(now, s.Ack)
	}
	if duplicate {
		d.bytes = m.segmentSize()
	}
	m.count.Delivered += uint32(d.count)
	m.noteEcho(set)
	m.measure(now, acked, &d)
	m.rack.delivered(now, &d, m.isPlausible(now, acked, &d))
	m.rack.reached(reach)
	m.takeEcho(s, max(acked, 0))
	m.endTailProbe(s, set, acked)
	m.notePathProbe(now)
	m.recover(now, max(acked, 0), &d)
	if acked > 0 && b.reneged() {
		// As in Linux the timeout that brings it back does not take as long.
		m.timers.retransmit = now.Add(max(m.rtt.srtt/2, renegedAfter))
	}
	if acked > 0 || d.bytes > 0 {
		m.armTailProbe(now)
	}
}

// renegedAfter is for how long at least a peer is believed that does not acknowledge
// what it has reported.
const renegedAfter = 10 * time.Millisecond

// takeBlocks marks what SACK blocks say (RFC 2018). The first of them may say that
// something has arrived twice (RFC 2883, Section 4).
func (m *Machine) takeBlocks(s *wire.Segment, set *wire.OptionSet, d *delivery) {
	if !m.handshake.sack {
		return
	}
	for i, block := range set.SACK[:set.NumSACK] {
		if i == 0 && isDuplicateSACK(s.Ack, set) {
			m.rack.duplicate(s.Ack, m.send.nxt)
			segments := max((block.Right.Diff(block.Left)+m.segmentSize()-1)/m.segmentSize(), 1)
			m.count.DuplicatesSent += uint32(segments)
			m.count.Delivered += uint32(segments)
			m.reported(block, segments)
			continue
		}
		if s.Ack.Less(block.Left) {
			m.send.board.sacks(block.Left, block.Right, d)
		}
	}
}

// isDuplicateSACK reports whether the first block lies before the
// acknowledgement or within the second.
func isDuplicateSACK(ack wire.Seq, set *wire.OptionSet) bool {
	if set.NumSACK == 0 {
		return false
	}
	first := set.SACK[0]
	if first.Right.LessEq(ack) {
		return first.Left.Less(first.Right)
	}
	return set.NumSACK > 1 && set.SACK[1].Left.LessEq(first.Left) && first.Right.LessEq(set.SACK[1].Right)
}

// newAck takes an acknowledgement of something new.
func (m *Machine) newAck(now instant, ack wire.Seq) {
	m.send.advance(ack)
	if m.send.store.Len() == 0 && cap(m.scratch) > idleScratch {
		m.scratch = nil
	}
	m.send.timeouts = 0
	m.send.stuckSince = now
	m.timers.retransmit = 0
}

// isPlausible reports whether an acknowledgement that has advanced SND.UNA by
// acked bytes can be the answer to the last sending of what it has delivered
// (RFC 8985, Section 6.2, Step 2). One that only has new SACK blocks echoes the
// time of older segments (RFC 7323, Section 4.3).
func (m *Machine) isPlausible(now instant, acked int, d *delivery) bool {
	if d.latest.fate&fateResent == 0 {
		return true
	}
	if acked > 0 && m.echo != 0 && int32(m.echo-m.ts.value(d.latest.sentAt)) < 0 {
		return false
	}
	// As in Linux none can as long as nothing is known about the round trip: a time of
	// almost nothing would have everything taken for lost that has just gone again.
	least := m.rack.least.value(now)
	return least > 0 && now.Sub(d.latest.sentAt) >= least
}

// measure takes a round-trip sample: from what was sent once, or from the echoed
// timestamp, which is good for repeated segments too (RFC 7323, Section 4.1). What
// lies behind a hole that was repaired may have arrived long before the
// acknowledgement.
// The timeout takes one a round trip (RFC 6298, Section 3, and for the reason
// RFC 7323, Appendix G).
func (m *Machine) measure(now instant, acked int, d *delivery) {
	switch {
	case !d.fresh.IsZero() && !d.repair:
		rtt := now.Sub(d.fresh)
		m.rack.least.sample(now, max(rtt, 1))
		if !d.fresh.Before(m.rtt.sampledAt) {
			m.sampleRTT(now, rtt)
		}
	case acked > 0 && m.echo != 0 && m.ts.echoes(now, m.echo):
		rtt := m.ts.elapsed(now, m.echo)
		if m.rack.least.value(now) == 0 {
			m.rack.least.sample(now, max(rtt, time.Millisecond)) // better than nothing
		}
		m.sampleRTT(now, rtt)
	}
}

// afterAck moves on when our FIN is acknowledged.
func (m *Machine) afterAck(now instant, out []Output) []Output {
	m.schedule(now)
	if !m.send.finAcked() {
		return out
	}
	switch m.state {
	case FinWait1:
		return m.finAcknowledged(now, out)
	case Closing:
		return m.enterTimeWait(now, out)
	case LastAck:
		return m.end(nil, out)
	}
	return out
}
