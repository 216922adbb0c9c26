package handshake

import "tfocraft/wire"

// lateness is how far reordering was seen to reach, as Linux has it (tp->reordering, tp->reord_seen): so many
// segments have to arrive behind a hole before it counts as a loss.
type lateness struct {
	reach, first int // segments; first is net.ipv4.tcp_reordering
	seen         int
	patient      bool // see Config.NoDuplicateThreshold
	static       bool // see Config.StaticReordering
}

// mostReach is net.ipv4.tcp_max_reordering.
const mostReach = 300

// arrived takes what was sent once at seq, and has arrived after what lies before fack (tcp_check_sack_reordering).
func (l *lateness) arrived(seq, fack wire.Seq, mss int) {
	distance := fack.Diff(seq)
	if distance <= 0 {
		return
	}
	if distance > l.reach*mss {
		l.reach = min((distance+mss-1)/mss, mostReach)
	}
	l.seen++
}

// duplicates is the same without SACK: of so many segments duplicate ACKs have told that there cannot be more
// (tcp_check_reno_reordering).
func (l *lateness) duplicates(segments int) {
	l.reach = min(max(segments, l.reach), mostReach)
	l.seen++
}

// reorders reports whether what arrives late is believed to be no sign of a loss.
func (l *lateness) reorders() bool { return l.reach > l.first }

// enough is how many segments behind a hole show a loss.
func (m *Machine) enough() int {
	if l := m.cwnd.linux; l != nil {
		return l.late.reach
	}
	return duplicateThreshold
}

// noteLateness takes what has arrived, of data that reaches up to fack.
func (m *Machine) noteLateness(d *delivery, fack wire.Seq) {
	if l := m.cwnd.linux; l != nil && m.handshake.sack && d.any && d.lowest.Less(m.rack.fack) {
		l.late.arrived(d.lowest, fack, m.segmentSize())
	}
}
