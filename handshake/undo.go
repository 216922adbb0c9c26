package handshake

import (
	"math"

	"tfocraft/wire"
)

// undo remembers what a loss has changed, for when it turns out that there was
// none. An acknowledgement that echoes a time before anything was sent again
// answers the first sending (Eifel, RFC 3522 and RFC 4015); it needs timestamps. When
// D-SACKs have reported all that was sent again, the first sendings have arrived, too
// (RFC 3708, Section 3; as in Linux also after the repair).
type undo struct {
	possible, cwr     bool     // possible: an echo may tell; cwr: it was due
	limited           bool     // by the window
	nothing           bool     // the loss has changed nothing: see repairTooBig
	again             int16    // segments sent again that no D-SACK has reported, or one of the values below
	marker            wire.Seq // SND.UNA when the loss was found: what D-SACKs report before it is older
	window, threshold int
	since             instant // when the first part was sent again; zero until then
}

const (
	nothingAgain int16 = -1 // nothing was sent again yet
	notReported  int16 = -2 // D-SACKs tell nothing: there is nothing to undo
)

// beginUndo is called before a loss changes anything, once for a loss.
func (m *Machine) beginUndo() {
	u := undo{possible: m.ts.on, cwr: m.ecn.cwr, limited: m.cwnd.limited, again: nothingAgain, marker: m.send.una, window: m.cwnd.window, threshold: m.cwnd.threshold}
	for _, s := range m.send.board.spans() {
		if s.fate&fateResent == 0 {
			continue
		}
		if u.since.IsZero() || s.sentAt.Before(u.since) {
			u.since = s.sentAt // of an earlier loss, whose answer is still to come
		}
		if s.fate&(fateSacked|fateLost) == 0 {
			u.repeated(s.segments(s.n))
		}
	}
	m.recovery.undo = u
}

// repeated counts segments that are sent again.
func (u *undo) repeated(segments int) {
	if u.again != notReported {
		u.again = int16(min(int(max(u.again, 0))+segments, math.MaxInt16))
	}
}

// reported counts what a D-SACK tells of. What was not acknowledged before must have
// been sent again; of older bytes nobody knows.
func (m *Machine) reported(block wire.SACKBlock, segments int) {
	u, b := &m.recovery.undo, &m.send.board
	if u.again <= 0 || block.Right.LessEq(u.marker) {
		return
	}
	if m.send.una.Less(block.Right) {
		i := b.find(block.Right.Add(-1))
		if i == len(b.all) || b.all[i].fate&fateResent == 0 {
			return
		}
	}
	u.again = int16(max(int(u.again)-segments, 0))
}

// undoIfSpurious takes the answer to a loss back if an echo says that there was none.
// Only an acknowledgement that advances SND.UNA echoes the segment that it answers.
func (m *Machine) undoIfSpurious(acked int) {
	u := &m.recovery.undo
	if m.recovery.phase == phaseOpen || !u.possible || u.since.IsZero() || acked <= 0 {
		return
	}
	u.possible = false // the first one tells, or none does
	if m.echo == 0 || int32(m.echo-m.ts.value(u.since)) >= 0 {
		return
	}
	m.rack.reordering = true
	m.send.board.found()
	m.takeBack()
}

// undoIfReported takes it back if D-SACKs say so. What a timeout has taken for lost
// is not; what a recovery has is, until it is found to be late.
func (m *Machine) undoIfReported(acked int) {
	r := &m.recovery
	if r.undo.again != 0 || r.phase == phaseLoss && acked <= 0 {
		return
	}
	if r.phase == phaseLoss {
		m.send.board.found()
	}
	m.takeBack()
}

// takeBack restores what a loss has changed.
func (m *Machine) takeBack() {
	r := &m.recovery
	m.cwnd.restore(r.undo.window, r.undo.threshold)
	m.cwnd.limited = r.undo.limited
	m.ecn.notLost(r.undo.cwr)
	r.phase, r.force, r.renew = phaseOpen, false, false
	r.undo.possible, r.undo.again = false, notReported
	m.count.SpuriousRecoveries++
}

// noteEcho keeps what the segment in hand echoes, 0 if nothing.
func (m *Machine) noteEcho(set *wire.OptionSet) {
	m.echo = 0
	if m.ts.on && set.HasTimestamps {
		m.echo = set.Timestamps.Ecr
	}
}
