package handshake

import "time"

// handover is what Linux hands to its network card at once, which cuts it into segments. What the window has little
// room for waits where an acknowledgement is about to make more (tcp_tso_should_defer): so it does with
// Config.LinuxSender, whoever cuts.
type handover struct {
	least int // see Config.LeastBulk
	left  int // segments of the one that is being sent
}

// mostBulk is the most payload of one, in bytes.
const mostBulk = 65536

// size is how many segments the next one has (tcp_tso_autosize): what goes out in a millisecond, at twice the pace
// of the window, or 1.2 times behind slow start.
func (m *Machine) bulkSize() int {
	l, size, bytes := m.cwnd.linux, m.segmentSize(), mostBulk
	if srtt := m.rtt.srtt; srtt > 0 {
		ratio := 120
		if m.cwnd.window < m.cwnd.threshold/2 {
			ratio = 200
		}
		pace := max(m.cwnd.window, int(m.send.board.segments.all)) * size * ratio / 100 // in a round trip
		bytes = int(int64(pace) * int64(time.Second) / int64(srtt) >> 10)
		if r := m.rack.least.last().Microseconds() >> 9; r < 32 {
			bytes += mostBulk >> r
		}
	}
	return max(min(bytes, mostBulk)/size, l.bulk.least)
}

// fillsWindow reports whether the next n bytes, which are all that the peer has room for, go together with a full
// segment before them.
func (m *Machine) fillsWindow(n, peer int) bool {
	l := m.cwnd.linux
	return l != nil && n > 0 && n == peer && l.bulk.left > 0 && !m.holdsSmall()
}

// waitsForBulk reports whether the next n bytes wait for more room in the window.
func (m *Machine) waitsForBulk(now instant, n int) bool {
	l, s, size := m.cwnd.linux, &m.send, m.segmentSize()
	if l == nil {
		return false
	}
	if l.bulk.left > 0 {
		l.bulk.left--
		return false
	}
	most := m.bulkSize()
	l.bulk.left = most - 1
	if s.unsent() <= size || m.recovery.phase != phaseOpen || s.board.empty() || now.Sub(s.lastSent) >= time.Millisecond || s.finQueued && s.unsent() <= min(most*size, m.room()) {
		return false
	}
	byPeer, byWindow := s.window-s.inFlight(), m.room()
	limit := min(byPeer, byWindow)
	if limit >= most*size || s.unsent() > mostBulk && limit >= mostBulk || limit >= min(s.window, m.cwnd.window*size)/3 {
		return false
	}
	due := s.board.spans()[0].sentAt.Add(m.rtt.srtt).Sub(now)
	if due > min(m.rtt.srtt/2, time.Millisecond) {
		return false
	}
	return limit <= s.unsent()
}
