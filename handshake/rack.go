package handshake

import (
	"math"
	"time"

	"tfocraft/wire"
)

// rack finds losses by time: what was sent some time before something that has
// arrived is lost (RFC 8985, Section 6). It needs SACK.
type rack struct {
	sentAt instant // RACK.xmit_ts: when the latest-sent of what has arrived was sent
	rtt    time.Duration
	least  minimumRTT

	end        wire.Seq // RACK.end_seq: the end of the latest-sent of what has arrived
	fack       wire.Seq // RACK.fack: the highest end that has arrived
	round      wire.Seq // SND.NXT when the multiplier last grew; valid if inRound
	reordering bool     // RACK.reordering_seen
	inRound    bool
	multiplier uint8 // RACK.reo_wnd_mult
	persist    int8  // RACK.reo_wnd_persist
}

// rackPersist is for how many recoveries a wider window is kept (RFC 8985,
// Section 6.2, Step 4).
const rackPersist = 16

// sentAfter is RACK_sent_after of RFC 8985, Section 6.1: parts that were sent at
// the same time are told apart by their place.
func sentAfter(at1 instant, end1 wire.Seq, at2 instant, end2 wire.Seq) bool {
	return at2.Before(at1) || at1.Equal(at2) && end2.Less(end1)
}

func (r *rack) start(una wire.Seq) { r.fack, r.multiplier = una, 1 }

// delivered is Step 1 to 3: it takes what has arrived. rtt is the time that the
// latest-sent part of it has taken; plausible is false if it may be the answer
// to an earlier sending of that part.
func (r *rack) delivered(now instant, d *delivery, plausible bool) {
	if d.latest.n == 0 {
		return
	}
	if d.any && d.earlier.Less(r.fack) {
		r.reordering = true
	}
	if !plausible {
		return
	}
	r.rtt = now.Sub(d.latest.sentAt)
	if sentAfter(d.latest.sentAt, d.latest.end(), r.sentAt, r.end) {
		r.sentAt, r.end = d.latest.sentAt, d.latest.end()
	}
}

// reached notes how far the peer's data reaches, which is what a late part is
// late for.
func (r *rack) reached(end wire.Seq) {
	if r.fack.Less(end) {
		r.fack = end
	}
}

// distrust is for when the SACK blocks are forgotten: what they have reported may
// then seem to arrive late.
func (r *rack) distrust(una wire.Seq) { r.fack = una }

// duplicate is the part of Step 4 that a D-SACK moves (RFC 2883): something was
// sent again for nothing, so reordering is wider than was thought. It counts
// once a round trip.
func (r *rack) duplicate(una, nxt wire.Seq) {
	if r.inRound && una.Less(r.round) {
		return
	}
	r.inRound, r.round = true, nxt
	r.multiplier = uint8(min(int(r.multiplier)+1, math.MaxUint8))
	r.persist = rackPersist
}

// recovered tells that a recovery is over.
func (r *rack) recovered() {
	if r.persist = max(r.persist-1, 0); r.persist == 0 {
		r.multiplier = 1
	}
}

// window is Step 4: for how long a part may be late. As long as there was no
// reordering, and three segments have arrived behind a hole or a recovery is
// under way, it is not waited for at all.
func (r *rack) window(now instant, srtt time.Duration, certain bool) time.Duration {
	if !r.reordering && certain {
		return 0
	}
	return min(time.Duration(r.multiplier)*r.least.value(now)/4, srtt)
}

// detect is Step 5. It marks what is lost and returns for how long what may be
// lost has to be waited for, 0 if there is nothing to wait for.
func (r *rack) detect(now instant, b *scoreboard, window time.Duration) (wait time.Duration) {
	if r.sentAt.IsZero() {
		return 0
	}
	for i := b.head; i < len(b.all); i++ {
		s := &b.all[i]
		if s.fate&(fateSacked|fateLost) != 0 {
			continue
		}
		if !sentAfter(r.sentAt, r.end, s.sentAt, s.end()) {
			if b.again > 0 {
				continue
			}
			return wait // all that follows was sent later still
		}
		if left := s.sentAt.Add(r.rtt + window).Sub(now); left > 0 {
			wait = max(wait, left)
			continue
		}
		i = b.lose(i)
	}
	return wait
}

// minimumRTT is the least round-trip time of the last minutes, in two halves:
// the present one and the one before (RFC 8985, Section 6.2, Step 1, leaves open
// how it is windowed).
type minimumRTT struct {
	present, before time.Duration
	since           instant
}

const minimumRTTHalf = 150 * time.Second

func (m *minimumRTT) sample(now instant, rtt time.Duration) {
	if now.Sub(m.since) >= minimumRTTHalf {
		m.before, m.present, m.since = m.present, 0, now
	}
	if m.present == 0 || rtt < m.present {
		m.present = rtt
	}
}

// last is the value without a look at the time.
func (m *minimumRTT) last() time.Duration { return m.value(m.since) }

func (m *minimumRTT) value(now instant) time.Duration {
	switch {
	case m.before == 0:
		return m.present
	case m.present == 0:
		return m.before
	}
	return min(m.present, m.before)
}
