package handshake

import (
	"tfocraft/wire"
)

// undo remembers what a loss has changed, for when it turns out that there was
// none: an acknowledgement that echoes a time before anything was sent again
// answers the first sending (Eifel, RFC 3522 and RFC 4015). It needs timestamps.
type undo struct {
	possible, cwr     bool // cwr: it was due
	window, threshold int
	since             instant // when the first part was sent again; zero until then
}

// beginUndo is called before a loss changes anything, once for a loss.
func (m *Machine) beginUndo() {
	m.recovery.undo = undo{possible: m.ts.on, cwr: m.ecn.cwr, window: m.cwnd.window, threshold: m.cwnd.threshold}
	for _, s := range m.send.board.spans() {
		if s.fate&fateResent != 0 && (m.recovery.undo.since.IsZero() || s.sentAt.Before(m.recovery.undo.since)) {
			m.recovery.undo.since = s.sentAt // of an earlier loss, whose answer is still to come
		}
	}
}

// undoIfSpurious takes the answer to a loss back if there was none. Only an
// acknowledgement that advances SND.UNA echoes the segment that it answers.
func (m *Machine) undoIfSpurious(acked int) {
	u := &m.recovery.undo
	if m.recovery.phase == phaseOpen || !u.possible || u.since.IsZero() || acked <= 0 {
		return
	}
	u.possible = false // the first one tells, or none does
	if m.echo == 0 || int32(m.echo-m.ts.value(u.since)) >= 0 {
		return
	}
	m.cwnd.restore(u.window, u.threshold)
	m.ecn.notLost(u.cwr)
	m.recovery.phase = phaseOpen
	m.recovery.force = false
	m.send.board.found()
	m.rack.reordering = true
	m.count.SpuriousRecoveries++
}

// noteEcho keeps what the segment in hand echoes, 0 if nothing.
func (m *Machine) noteEcho(set *wire.OptionSet) {
	m.echo = 0
	if m.ts.on && set.HasTimestamps {
		m.echo = set.Timestamps.Ecr
	}
}
