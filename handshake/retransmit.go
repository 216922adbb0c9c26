package handshake

import (
	"tfocraft/wire"
)

// repair sends again what was lost, as much as the congestion window allows.
func (m *Machine) repair(now instant, out []Output) []Output {
	for {
		seq, n, ok := m.send.board.firstLost(m.segmentSize())
		if !ok {
			return out
		}
		if n = m.repairable(seq, n); n == 0 {
			return out
		}
		out = m.sendAgain(now, seq, n, out)
	}
}

// repairable is how many of the n lost bytes at seq may be sent again now: full
// segments or all of them. The first retransmission of a recovery does not wait
// for the congestion window (RFC 6675, Section 5, step 4.3). What the peer has
// taken back of its own window waits for the timer.
func (m *Machine) repairable(seq wire.Seq, n int) int {
	size := m.segmentSize()
	room := m.cwnd.window - m.pipe()
	if m.recovery.force {
		room = max(room, size)
	}
	n = min(n, m.burstSize(size), m.send.edge().Diff(seq))
	if n > room {
		n = room / size * size
	}
	return max(n, 0)
}

// sendAgain sends up to n bytes of sequence space at seq, which were sent before.
func (m *Machine) sendAgain(now instant, seq wire.Seq, n int, out []Output) []Output {
	s := &m.send
	data := min(n, s.dataEnd().Diff(seq))
	payload := m.payload(seq, data)
	fin := data < n && len(payload) == data
	taken := len(payload)
	if fin {
		taken++
	}
	if p := m.path; p != nil && p.probing > 0 && p.seq.Less(seq.Add(taken)) && seq.Less(p.end) {
		p.probing = 0 // what arrives now says nothing about its size
	}
	// RACK tells by the time that this was sent after the new data of the same
	// moment.
	s.lastSent = max(now, s.lastSent, s.lastNew.Add(1))
	s.board.resent(s.lastSent, seq, taken, m.segmentSize())
	m.recovery.force = false
	if seq == s.from() {
		m.armRetransmit(now) // its answer takes a round trip from now
	}
	m.recovery.note(taken)
	if m.recovery.undo.since.IsZero() {
		m.recovery.undo.since = now
	}
	size := m.segmentSize()
	segments := max((len(payload)+size-1)/size, 1)
	m.count.Retransmits += uint32(segments)
	m.recovery.undo.repeated(segments)
	return m.sendData(now, seq, payload, fin, out)
}

// dataTimeout begins again at SND.UNA, with a window of one segment (RFC 6298,
// Section 5.4 to 5.6; RFC 5681, Section 3.1). The first segment goes out also if
// the peer has closed its window over bytes that were sent before.
func (m *Machine) dataTimeout(now instant, out []Output) []Output {
	s := &m.send
	if s.timeouts >= m.config.Retries || m.userTimedOut(now) {
		return m.timedOut(out)
	}
	s.timeouts++
	m.count.Timeouts++
	m.narrowPath(now)
	m.enterLoss(now)
	m.rtt.backOff()
	m.armRetransmit(now)
	n := min(m.segmentSize(), s.inFlight())
	if s.window > 0 {
		n = min(n, s.window)
	}
	return m.flush(now, m.sendAgain(now, s.from(), n, out))
}

// enterLoss takes for lost what was sent, but for what can be there by now only if
// it was faster than others (as in Linux), and what SACK blocks have reported: RFC
// 2018, Section 8, says to forget them (SHOULD), which is done once the peer has shown
// that it does not keep to them. Only the first timeout for a flight lowers the threshold
// (RFC 5681, Section 3.1).
func (m *Machine) enterLoss(now instant) {
	r, b, size := &m.recovery, &m.send.board, m.segmentSize()
	reneged := b.reneged()
	r.frto = m.mayAskTimeout() && !reneged
	if r.phase == phaseOpen || r.undo.nothing {
		m.beginUndo()
		m.shrink(m.send.inFlight())
	}
	r.phase = phaseLoss
	r.point = m.send.nxt
	m.ecn.cwr = m.ecn.sends
	r.force, r.duplicates, r.arrived = false, 0, 0
	if reneged {
		b.distrust()
		m.rack.distrust(m.send.una)
	}
	b.loseAll(now.Add(-m.rack.rtt))
	m.cwnd.collapse(m.pipe(), size)
	m.timers.tail, m.timers.reorder = 0, 0
	m.tail = tailProbe{}
}
