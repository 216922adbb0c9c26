package handshake

import (
	"time"

	"tfocraft/wire"
)

// tailProbe finds the loss of the end of a flight, which no later segment can
// show: some time before the retransmission timeout the last segment, or a new
// one, is sent to provoke an acknowledgement (TLP, RFC 8985, Section 7). It needs
// SACK.
type tailProbe struct {
	end    wire.Seq // TLP.end_seq; valid if under is set
	under  bool     // a probe is under way
	resent bool     // TLP.is_retrans: it was sent before
}

// The times of RFC 8985, Section 7.2.
const (
	peerAckDelay   = 200 * time.Millisecond // TLP.max_ack_delay
	firstTailProbe = time.Second            // where nothing was measured
)

// mayDelay reports whether the acknowledgement of what is in flight may be delayed: less
// than two full segments (RFC 8985 says so of one segment only, as Linux has it, but the
// second one may be a short one).
func (m *Machine) mayDelay() bool {
	if m.config.LinuxSender {
		spans := m.send.board.spans()
		return len(spans) == 1 && spans[0].segments(spans[0].n) == 1
	}
	return m.send.inFlight() < 2*m.segmentSize()
}

// armTailProbe starts the timer if a probe makes sense: not while another one is
// under way or losses are repaired, nor when SACK will show what is missing. The probe
// goes instead of a timeout that would come before it.
func (m *Machine) armTailProbe(now instant) {
	b := &m.send.board
	m.timers.tail = 0
	if !m.handshake.sack || m.config.NoTailProbes || m.tail.under || m.recovery.phase != phaseOpen || b.empty() || b.sacked+b.lost > 0 || m.state == SynReceived {
		return
	}
	wait := firstTailProbe
	if m.rtt.srtt > 0 {
		wait = 2 * m.rtt.srtt
		if m.mayDelay() {
			wait += peerAckDelay
		}
	}
	if m.timers.retransmit.IsZero() {
		m.armRetransmit(now)
	}
	m.timers.tail = min(now.Add(wait), m.timers.retransmit)
	m.timers.reorder = 0 // as in Linux, which has one timer: there is nothing to be late for
}

// tailTimeout sends the probe: new data if there is any that the peer has room
// for, one segment beyond the congestion window (RFC 8985, Section 7.3). The
// retransmission timer starts over.
func (m *Machine) tailTimeout(now instant, out []Output) []Output {
	s, b := &m.send, &m.send.board
	if b.empty() || m.userTimedOut(now) {
		return out
	}
	m.count.TailProbes++
	size := m.segmentSize()
	m.tail = tailProbe{under: true}
	if n := min(size, s.nextRecord()); n > 0 && n <= s.window-s.inFlight() {
		out = m.sendNext(now, n, s.finFollows(n), out)
	} else if s.nxt.LessEq(s.edge()) {
		m.tail.resent = true
		last := &b.all[len(b.all)-1]
		n := min(size, last.n)
		if b.exact {
			n = last.n - (last.segments(last.n)-1)*int(last.size) // the last segment
		}
		out = m.sendLast(now, s.marks.last(s.nxt, n), out)
	}
	m.tail.end = s.nxt
	m.timers.tail = 0
	m.armRetransmit(now)
	return out
}

// sendLast sends the last n bytes of sequence space again.
func (m *Machine) sendLast(now instant, n int, out []Output) []Output {
	b := &m.send.board
	seq := m.send.nxt.Add(-n)
	if i := len(b.all) - 1; b.all[i].seq.Less(seq) && !b.split(i, seq) {
		return out
	}
	return m.sendAgain(now, seq, n, out)
}

// endTailProbe judges an acknowledgement that advances SND.UNA by acked bytes
// (RFC 8985, Section 7.4.2). If the probe has repaired a loss that nothing else
// has shown, the window shrinks as for one that was found.
func (m *Machine) endTailProbe(s *wire.Segment, set *wire.OptionSet, acked int) {
	t := &m.tail
	switch {
	case !t.under || s.Ack.Less(t.end):
		return
	case !t.resent, isDuplicateSACK(s.Ack, set) && set.SACK[0].Right == t.end:
	case t.end.Less(s.Ack):
		if m.recovery.phase == phaseOpen {
			m.shrink(m.pipe() + m.inUnits(acked, 0))
			m.cwnd.window = min(m.cwnd.window, m.cwnd.threshold)
			m.recovery.undo.again = notReported // what it would go back to is older than this loss
		}
	case acked > 0, s.Len() > 0, set.NumSACK > 0:
		// The answer to the first sending or to the probe: the next one tells.
		return
	}
	*t = tailProbe{}
}
