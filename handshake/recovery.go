package handshake

import (
	"tfocraft/wire"
)

// phase says how far the repair of a loss is.
type phase uint8

const (
	phaseOpen     phase = iota // nothing was lost
	phaseRecovery              // what SACK, RACK or duplicate ACKs have shown is being repaired
	phaseLoss                  // the timer has run out, or what was sent is too big for the path
)

// recovery repairs losses that were found without a timeout: it decides how much
// is sent meanwhile, by Proportional Rate Reduction (RFC 6937), and where it
// ends (RFC 6675, Section 5). Without SACK it is NewReno's (RFC 6582).
type recovery struct {
	phase phase
	force bool     // the first retransmission waits for no window
	frto  bool     // the timeout may have been spurious, see judgeTimeout
	renew bool     // what is new goes before what was lost, to show that
	point wire.Seq // RecoveryPoint: SND.NXT when the last loss was found, or less than SND.UNA

	flight    int // RecoverFS
	delivered int // prr_delivered
	sent      int // prr_out

	duplicates int // ACKs in a row, without SACK
	arrived    int // bytes that they stand for
	undo       undo
}

// duplicateThreshold is DupThresh (RFC 5681, Section 3.2; RFC 6675, Section 2).
const duplicateThreshold = 3

// note counts what is sent during a recovery.
func (r *recovery) note(n int) { r.sent += n }

// pipe is how many bytes are in the network (RFC 6675, Section 4).
func (m *Machine) pipe() int { return max(m.send.board.outstanding()-m.recovery.arrived, 0) }

// recover moves the repair on after an acknowledgement that has delivered d, and
// has advanced SND.UNA by acked bytes.
func (m *Machine) recover(now instant, acked int, d *delivery) {
	r, before := &m.recovery, m.recovery.phase
	m.undoIfSpurious(acked)
	m.undoIfReported(acked)
	m.judgeTimeout(acked, d)
	switch {
	case r.phase != phaseOpen && r.point.LessEq(m.send.una):
		m.recovered()
	case r.phase == phaseOpen && r.point.Less(m.send.una):
		// It comes along, so that it is not ahead again when the sequence numbers
		// have gone half round (RFC 6582, Section 3.2).
		r.point = m.send.una.Add(-1)
	}
	lostBefore := m.send.board.lost
	m.detectLoss(now, acked, d)
	if r.phase == phaseOpen && m.send.board.lost > 0 && !m.onlyPathProbeLost() {
		m.enterRecovery(acked, d.bytes)
	}
	switch {
	case r.phase != phaseRecovery:
		m.openUp(now, before, acked, d)
	case d.bytes > 0 || r.force:
		// Where nothing has arrived, what was lost since has left the network, and
		// its room is for its repair.
		safe := acked > 0 && m.send.board.lost <= lostBefore
		r.reduce(&m.cwnd, m.pipe(), d.bytes, m.segmentSize(), safe)
	}
}

// openUp lets the window grow for an acknowledgement of acked bytes that has
// come in this phase. One that ends a recovery counts for what has arrived with
// it, as in Linux; the rest was counted by the rate reduction. After a timeout one
// may cover far more than has left the network just now, and counts as a segment
// (RFC 5681, Section 3.1; RFC 3465, Section 2.3).
func (m *Machine) openUp(now instant, p phase, acked int, d *delivery) {
	switch {
	case m.config.LinuxSender && acked == 0 && !m.rack.reordering:
		return
	case p == phaseRecovery && m.handshake.sack, p != phaseRecovery && m.config.LinuxSender:
		acked = d.bytes
	case p == phaseRecovery:
		return // without SACK nobody knows (RFC 6582, Section 3.2, step 3)
	case p == phaseLoss:
		acked = min(acked, m.segmentSize())
	}
	if m.ecn.mayGrow() {
		m.cwnd.acked(now, acked, m.segmentSize(), m.rtt.srtt)
	}
	m.tuneSend()
}

// enterRecovery begins a repair: the window shrinks to the threshold step by
// step (RFC 6937, Section 3). The threshold goes by all that was not acknowledged
// (FlightSize of RFC 5681), the steps by what was still in the network.
func (m *Machine) enterRecovery(acked, delivered int) {
	r := &m.recovery
	flight := m.pipe() + m.send.board.lost + delivered
	m.beginUndo()
	m.shrink(m.send.inFlight() + acked)
	r.phase, r.point = phaseRecovery, m.send.nxt
	r.flight, r.delivered, r.sent, r.force = flight, 0, 0, true
	m.timers.tail = 0
	m.count.FastRecoveries++
}

// reduce is Proportional Rate Reduction: below the threshold as much goes out as
// has arrived, and a segment more where the ACK is safe (RFC 6937, Section 3; the
// bound as in RFC 9937).
func (r *recovery) reduce(c *congestion, pipe, delivered, mss int, safe bool) {
	r.delivered += delivered
	var room int
	if pipe > c.threshold {
		share := (int64(r.delivered)*int64(c.threshold) + int64(r.flight) - 1) / int64(max(r.flight, 1))
		if c.linux {
			share = (share + int64(mss) - 1) / int64(mss) * int64(mss) // whole segments
		}
		room = int(share) - r.sent
	} else {
		limit := max(r.delivered-r.sent, delivered)
		if safe {
			limit += mss
		}
		room = min(c.threshold-pipe, limit)
	}
	if r.force {
		room = max(room, mss)
	}
	c.window = pipe + max(room, 0)
}

// recovered ends a repair (RFC 6937: cwnd = ssthresh).
func (m *Machine) recovered() {
	r := &m.recovery
	if r.phase == phaseRecovery {
		m.cwnd.window = m.cwnd.threshold
	}
	m.rack.recovered()
	r.phase, r.force, r.renew = phaseOpen, false, false
	r.duplicates, r.arrived = 0, 0
}

// detectLoss marks what an acknowledgement shows to be lost.
func (m *Machine) detectLoss(now instant, acked int, d *delivery) {
	if !m.handshake.sack {
		m.countDuplicates(acked, d)
		return
	}
	m.detectByTime(now)
}

// detectByTime is RACK's detection, with a timer for what may only be late
// (RFC 8985, Section 6.2, Step 5).
func (m *Machine) detectByTime(now instant) {
	b := &m.send.board
	certain := m.recovery.phase != phaseOpen || b.sacked >= duplicateThreshold*m.segmentSize()
	m.timers.reorder = 0
	if wait := m.rack.detect(now, b, m.rack.window(now, m.rtt.srtt, certain)); wait > 0 {
		m.timers.reorder = now.Add(wait)
	}
}

// reorderTimeout marks what is not merely late.
func (m *Machine) reorderTimeout(now instant, out []Output) []Output {
	m.recover(now, 0, &delivery{})
	return m.flush(now, out)
}

// countDuplicates is RFC 6582, Section 3.2: three duplicate ACKs show a loss,
// and an ACK that does not reach the recovery point the next one. In between
// each duplicate stands for a segment that has arrived (RFC 3042 for the first
// two). No loss is looked for before more is acknowledged than was sent when the
// last one was found: until then duplicates may answer what went again for
// nothing.
func (m *Machine) countDuplicates(acked int, d *delivery) {
	r, size := &m.recovery, m.segmentSize()
	if acked > 0 {
		// Those that duplicates stood for have been counted, but for the one that was missing.
		m.count.Delivered -= uint32(max(min(m.duplicateSegments(), d.count-1), 0))
	}
	switch {
	case acked > 0 && r.phase == phaseRecovery:
		counted := min(r.arrived, max(acked-size, 0))
		r.arrived -= counted
		d.bytes = acked - counted
		m.send.board.loseFirst(size)
	case acked > 0:
		r.duplicates, r.arrived = 0, 0
	case d.bytes > 0 && r.phase != phaseLoss:
		r.duplicates++
		m.count.Delivered++
		r.arrived = min(r.arrived+d.bytes, max(m.send.board.outstanding()-size, 0))
		if r.duplicates >= duplicateThreshold && r.phase == phaseOpen && r.point.Less(m.send.una) {
			m.send.board.loseFirst(size)
		}
	}
}

// duplicateSegments is how many segments duplicate ACKs stand for.
func (m *Machine) duplicateSegments() int {
	size := m.segmentSize()
	return (m.recovery.arrived + size - 1) / size
}

// isDuplicate is RFC 5681, Section 2.
func (m *Machine) isDuplicate(s *wire.Segment, windowBefore int) bool {
	return s.Ack == m.send.una && m.send.inFlight() > 0 && s.Len() == 0 && m.send.window == windowBefore
}
