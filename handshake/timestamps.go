package handshake

import (
	"time"

	"tfocraft/wire"
)

// timestamps is the Timestamps option of one connection (RFC 7323).
type timestamps struct {
	on       bool    // both SYNs carried it
	first    uint32  // value in our first SYN or SYN-ACK
	begun    instant // when that was
	recent   uint32  // TS.Recent
	recentAt instant
}

// staleAfter is when TS.Recent no longer says anything (RFC 7323, Section 5.5).
const staleAfter = 24 * 24 * time.Hour

func (t *timestamps) start(now instant, at time.Time, offset uint32) {
	t.begun = now
	t.first = uint32(at.UnixMilli()) + offset
}

// value is TSval, in milliseconds. It goes by the time that has passed and not
// by the time of day: that can be set back, and the peer would take every
// segment for an old one (RFC 7323, Section 5.3).
func (t *timestamps) value(now instant) uint32 {
	return t.first + uint32(now.Sub(t.begun).Milliseconds())
}

// echoes reports whether ecr is something that a segment of ours carried: not later
// than now, and not longer ago than there was a first one. The connection may be
// older than half of what the values go round in.
func (t *timestamps) echoes(now instant, ecr uint32) bool {
	ago := int32(t.value(now) - ecr)
	return ago >= 0 && int64(ago) <= now.Sub(t.begun).Milliseconds()
}

// old is PAWS (RFC 7323, Section 5.3): the segment is older than one already
// taken.
func (t *timestamps) old(now instant, val uint32) bool {
	return int32(val-t.recent) < 0 && now.Sub(t.recentAt) < staleAfter
}

// update moves TS.Recent for a segment that begins at or before what was last
// acknowledged (RFC 7323, Section 4.3), never back unless it has become void.
func (t *timestamps) update(now instant, s *wire.Segment, val uint32, lastAck wire.Seq) {
	if s.Seq.LessEq(lastAck) && !t.old(now, val) {
		t.recent, t.recentAt = val, now
	}
}

// elapsed turns an echoed value into a round-trip time.
func (t *timestamps) elapsed(now instant, ecr uint32) time.Duration {
	return time.Duration(int32(t.value(now)-ecr)) * time.Millisecond
}
