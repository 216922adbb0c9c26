package handshake

import (
	"time"

	"tfocraft/wire"
)

// hyStart is HyStart as Linux has it: slow start ends before there is a loss, where the
// acknowledgements of a round come for as long as half of the least round-trip time, one soon
// after the other, or take longer than they did.
type hyStart struct {
	on, found bool
	samples   uint8
	began     instant  // round_start
	last      instant  // of the train of acknowledgements
	end       wire.Seq // of the round
	rtt       time.Duration
}

// The constants of Linux's HyStart.
const (
	hyStartLeastWindow = 16
	hyStartSamples     = 8
	hyStartGap         = 2 * time.Millisecond
	hyStartSlack       = time.Millisecond // hystart_ack_delay
	hyStartLeastDelay  = 4 * time.Millisecond
	hyStartMostDelay   = 16 * time.Millisecond
)

func (h *hyStart) round(now instant, nxt wire.Seq) {
	h.began, h.last, h.end, h.rtt, h.samples = now, now, nxt, 0, 0
}

// ends reports whether slow start is to end (hystart_update).
func (h *hyStart) ends(now instant, m *Machine, rtt time.Duration) bool {
	least := m.cwnd.linux.least
	if h.began.IsZero() || h.end.Less(m.send.una) {
		h.round(now, m.send.nxt)
	}
	if m.cwnd.window < hyStartLeastWindow {
		return false
	}
	if now.Sub(h.last) <= hyStartGap {
		h.last = now
		h.found = now.Sub(h.began) > (least+hyStartSlack)/2
	}
	if h.rtt == 0 || rtt < h.rtt {
		h.rtt = rtt
	}
	if h.samples < hyStartSamples {
		h.samples++
	} else if h.rtt > least+min(max(least/8, hyStartLeastDelay), hyStartMostDelay) {
		h.found = true
	}
	return h.found
}
