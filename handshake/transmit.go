package handshake

import (
	"time"

	"tfocraft/wire"
)

// transmit completes a segment with ports, acknowledgement and window, and
// emits it. SYN segments and resets set their own window.
func (m *Machine) transmit(s wire.Segment, out []Output) []Output {
	s.SrcPort, s.DstPort = m.config.LocalPort, m.config.RemotePort
	if s.Flags.Has(wire.ACK) {
		s.Ack = m.recv.nxt
		if !s.Flags.Any(wire.SYN | wire.RST) {
			s.Window = m.recv.announce(m.fullSize())
			s.Flags |= m.echoECN()
		}
		m.recv.acknowledged()
		m.timers.delayedAck = 0
		if up := m.send.marks.pointer(s.Seq); up > 0 && !s.Flags.Any(wire.SYN|wire.RST) {
			s.Flags, s.Urgent = s.Flags|wire.URG, up
		}
	}
	return append(out, Output{Kind: Transmit, Segment: s})
}

// sendAck sends an acknowledgement without data.
func (m *Machine) sendAck(now instant, out []Output) []Output {
	return m.transmit(wire.Segment{Seq: m.send.emptySeq(), Flags: wire.ACK, Options: m.ackOptions(now)}, out)
}

// updatePeer tells of room that reading has made, if the peer may be waiting for
// it (RFC 9293, Section 3.8.6.2.2).
func (m *Machine) updatePeer(now instant, out []Output) []Output {
	if m.updateDue() {
		return m.sendAck(now, out)
	}
	return out
}

func (m *Machine) updateDue() bool {
	switch m.state {
	case Established, FinWait1, FinWait2:
		return m.recv.windowUpdateDue(m.fullSize()) || m.readingDue()
	}
	return false
}

// challengeInterval is the least time between two challenge ACKs of one
// connection (RFC 5961, Section 7, wants a limit; one for each connection gives
// nothing away about others).
const challengeInterval = 500 * time.Millisecond

// challengeAck answers a suspicious segment with the present state of things
// (RFC 5961): the true peer will know what to do.
func (m *Machine) challengeAck(now instant, out []Output) []Output {
	if !m.challenge.IsZero() && now.Sub(m.challenge) < challengeInterval {
		return out
	}
	m.challenge = now
	m.count.Challenges++
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

// flush sends what the windows allow: first what was lost, then what is new.
func (m *Machine) flush(now instant, out []Output) []Output {
	m.send.more = false
	if !m.maySend() {
		return out
	}
	m.retryPath(now)
	if !m.config.NoSlowStartAfterIdle && m.send.inFlight() == 0 && now.Sub(m.send.lastSent) > m.rtt.rto {
		m.restart(now)
	}
	renewed, out := m.renewed(now, out)
	if !renewed {
		out = m.repair(now, out)
		out = m.sendNew(now, out)
	}
	m.schedule(now)
	return out
}

// canWait reports whether what is to be sent can wait for the end of a run of
// segments: it is new, and enough for a burst.
func (m *Machine) canWait() bool {
	return m.config.Burst > 0 && m.send.unsent() >= m.config.Burst && m.recovery.phase == phaseOpen && m.send.board.lost == 0
}

// quota is how many bursts are sent in one call. What they are answered with makes
// room for the application, which then has time to fill it before the rest has gone.
const quota = 8

// sendNew sends what was not sent before.
func (m *Machine) sendNew(now instant, out []Output) []Output {
	s := &m.send
	before := s.nxt
	out = m.probePath(now, out)
	if m.cwnd.linux != nil {
		m.cwnd.linux.bulk.left = 0
	}
	for {
		n := m.sendable()
		if n > 0 && m.waitsForBulk(now, n) {
			m.cwnd.limited = true // by the window
			m.cwnd.peak, m.cwnd.round = int32(m.sentUnits()), s.nxt
			if before != s.nxt {
				m.armTailProbe(now)
			}
			return out
		}
		fin := s.finFollows(n) && m.state != SynReceived
		if n == 0 && (!fin || m.cwnd.linux != nil && m.room() <= 0) {
			break // in Linux a FIN needs room as well
		}
		filled := m.cwnd.linux != nil && n < min(m.segmentSize(), s.unsent())
		out = m.sendNext(now, n, fin, out)
		if filled {
			out[len(out)-1].Segment.Flags |= wire.PSH // as on the last segment of all that Linux hands over at once
		}
		if m.config.Burst > 0 && s.nxt.Diff(before) >= quota*m.config.Burst {
			s.more = s.unsent() > 0 || s.finDue()
			break
		}
	}
	m.noteLimit(now, before != s.nxt)
	if before != s.nxt {
		m.armTailProbe(now)
	}
	return out
}

// noteLimit notes whether the congestion window makes a difference: it has held
// data back, or will soon if it does not keep up (RFC 9438, Section 5.8; in slow
// start as in Linux).
func (m *Machine) noteLimit(now instant, sent bool) {
	c, s, pipe, all := &m.cwnd, &m.send, m.pipe(), m.sentUnits()
	if s.more { // what the next Push sends is as good as sent
		follows := max(min(s.unsent(), s.window-s.inFlight(), c.window-pipe), 0)
		pipe, all = pipe+follows, all+follows
	}
	full := c.window-pipe < m.unit()
	if !sent && !full {
		return
	}
	if full || c.round.Less(s.una) || c.round == s.una || !c.limited && all > int(c.peak) {
		c.limited, c.peak, c.round = full, int32(all), s.nxt
	}
	if c.linux != nil {
		m.starved(now)
	}
}

// sendable is how many bytes the next segment, or the next burst of full ones,
// carries; 0 if it has to wait: for the windows, for Nagle, or because so small
// a piece is not worth sending (RFC 9293, Sections 3.7.4 and 3.8.6.2.1).
func (m *Machine) sendable() int {
	s := &m.send
	size, unsent := m.segmentSize(), s.unsent()
	if unsent == 0 {
		return 0
	}
	peer := s.window - s.inFlight()
	room := min(peer, m.room())
	if again := m.synDataLeft(); again > 0 && room-again >= min(size, unsent-again) {
		// What was in the SYN goes again by itself, as in Linux, unless the rest
		// would have to wait for that.
		unsent = min(unsent, again)
	}
	burst, follows := m.burstSize(size), unsent
	if unsent = s.marks.within(s.nxt, unsent); unsent < follows && min(burst, room) >= unsent {
		return unsent // the end of a record has nothing to wait for
	}
	if m.ecn.cwr || s.marks.urging() {
		burst = size // all segments of a burst would say CWR, or point as far
	}
	n := min(burst, unsent, room)
	switch {
	case n <= 0:
		return 0
	case n >= size && (n < unsent || m.holdsSmall() && n%size != 0):
		return n / size * size
	case n >= size, n == peer && n >= s.maxWindow/2 && !m.config.LinuxSender, m.fillsWindow(n, peer):
		return n
	case n == unsent && (m.synDataLeft() > 0 || !m.holdsSmall()):
		return n
	}
	return 0
}

// holdsSmall reports whether a small segment waits for more: while the sender is
// corked, or has said that more comes; with Nagle's algorithm, while another small one is unacknowledged, as in
// Linux. What follows full ones need not wait for that, or every write of odd length
// would take a delayed acknowledgement longer (draft-minshall-nagle-01). One before a
// FIN does not wait either.
func (m *Machine) holdsSmall() bool {
	s := &m.send
	return !s.finQueued && !s.marks.urging() && (m.config.cork || s.moreComes || m.config.Nagle && s.una.Less(s.small))
}

// burstSize is the most payload of one output.
func (m *Machine) burstSize(size int) int { return max(m.config.Burst/size*size, size) }

// sendNext sends up to n bytes at SND.NXT, and the FIN behind them if fin is set
// and they are all that there are.
func (m *Machine) sendNext(now instant, n int, fin bool, out []Output) []Output {
	s := &m.send
	payload := m.payload(s.nxt, n)
	fin = fin && len(payload) == n
	seq, taken := s.nxt, len(payload)
	if fin {
		taken++
	}
	again := m.synDataLeft() > 0
	if again {
		m.count.SynDataAgain += uint32(max((len(payload)+m.segmentSize()-1)/m.segmentSize(), 1))
	}
	if m.cwnd.linux != nil && m.pipe() == 0 {
		m.cwnd.linux.shift(now, s.lastSent)
	}
	f := fate(0)
	if s.board.exact && m.pushes(seq.Add(len(payload))) {
		f = fatePush
	}
	if s.inFlight() == 0 && s.timeouts == 0 {
		m.untouched(now)
	}
	s.sent(now, taken, m.sizeFor(taken, fin), f)
	if n := len(payload); n > 0 && n%m.segmentSize() != 0 && !again {
		s.small = s.nxt
	}
	m.recovery.note(m.inUnits(taken, (taken+m.segmentSize()-1)/m.segmentSize()))
	out = m.sendData(now, seq, payload, fin, out)
	if !again {
		m.ecn.sentNew(&out[len(out)-1])
	}
	if fin {
		out = m.finSent(out)
	}
	return out
}

// sizeFor is how long segments are that have n bytes of sequence space, with a FIN behind them if fin
// is set: it makes no segment more.
func (m *Machine) sizeFor(n int, fin bool) int {
	if size := m.segmentSize(); !fin || n > size+1 {
		return size
	}
	return max(m.segmentSize(), n)
}

// restart begins anew after a pause (RFC 5681, Section 4.1).
func (m *Machine) restart(now instant) {
	if m.cwnd.linux != nil {
		m.cwnd.restart(now, now.Sub(m.send.lastSent), m.rtt.rto)
		return
	}
	m.cwnd.idle(m.segmentSize())
}

// sendData emits payload at seq, with the FIN behind it if fin is set.
func (m *Machine) sendData(now instant, seq wire.Seq, payload []byte, fin bool, out []Output) []Output {
	seg := wire.Segment{Seq: seq, Flags: wire.ACK, Options: m.ackOptions(now), Payload: payload}
	if len(payload) > 0 {
		m.recv.quick.dataGone(now)
	}
	if end := seq.Add(len(payload)); len(payload) > 0 && (m.pushes(end) || m.send.board.exact && m.send.board.pushed(end)) {
		seg.Flags |= wire.PSH
	}
	if fin {
		seg.Flags |= wire.FIN
	}
	size := m.segmentSize() // before a D-SACK has been sent and leaves its room
	if out = m.transmit(seg, out); len(payload) > size {
		out[len(out)-1].SegmentSize = size
	}
	return out
}

// pushes reports whether what is sent up to end is pushed.
func (m *Machine) pushes(end wire.Seq) bool {
	return end == m.send.dataEnd() && !m.send.unpushed || end == m.pushedAt() || m.send.marks.endsAt(end)
}

// pushedAt is where the data of the SYN ends, which was pushed like any write; if
// there was none it is nowhere.
func (m *Machine) pushedAt() wire.Seq {
	if m.active && m.handshake.synData > 0 {
		return m.synDataEnd()
	}
	return m.send.iss
}

// payload returns the n bytes at seq, or fewer: as many whole segments as are in
// one piece. A segment that the store has in two is put together.
func (m *Machine) payload(seq wire.Seq, n int) []byte {
	size := m.segmentSize()
	a, b := m.send.store.View(seq.Diff(m.send.base), n)
	switch {
	case len(b) == 0:
		return a
	case len(a) >= size:
		return a[:len(a)/size*size]
	}
	return m.wholePayload(seq, min(n, size))
}

// wholePayload returns the n bytes at seq in one piece.
func (m *Machine) wholePayload(seq wire.Seq, n int) []byte {
	a, b := m.send.store.View(seq.Diff(m.send.base), n)
	if len(b) == 0 {
		return a
	}
	start := len(m.scratch)
	m.scratch = append(append(m.scratch, a...), b...)
	return m.scratch[start:len(m.scratch):len(m.scratch)]
}

// schedule keeps the right timer running: retransmission while something is
// outstanding, the window probe while something waits with nothing outstanding
// to wake it. In SYN-RECEIVED the SYN-ACK's timer does for both.
func (m *Machine) schedule(now instant) {
	t := &m.timers
	switch {
	case m.state == SynReceived:
	case m.send.inFlight() > 0:
		t.persist, m.send.probes = 0, 0
		if t.retransmit.IsZero() {
			m.armRetransmit(now)
		}
	case m.send.unsent() > 0 || m.send.finDue():
		t.retransmit, t.tail = 0, 0
		if t.persist.IsZero() {
			m.untouched(now)
			t.persist = m.beforeUserTimeout(now.Add(m.rtt.rto))
		}
	default:
		t.retransmit, t.tail, t.persist, m.send.probes = 0, 0, 0, 0
	}
}

// afterWrite sends what was just queued.
func (m *Machine) afterWrite(now instant, out []Output) []Output {
	if m.state == SynReceived && !m.handshake.synAckSent {
		return m.sendSynAck(now, out)
	}
	return m.flush(now, out)
}
