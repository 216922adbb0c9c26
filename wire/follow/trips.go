package follow

import (
	"time"

	"tfocraft/wire"
)

// maxUnread bounds the data segments of a client that are remembered until
// they are acknowledged.
const maxUnread = 32

// mark is a point of a connection: when, after how many trips and segments.
type mark struct {
	at              time.Time
	trips, segments int
}

// unreadData is data of the client that was not acknowledged yet.
type unreadData struct {
	span
	mark
}

// trips counts how many one-way trips had to follow each other, as the package
// comment defines them.
type trips struct {
	unread    []unreadData
	delivered mark // the latest data of the client that the server has
	response  mark // the first byte of the server's data
	fixed     bool // the request is known
}

// mark returns the point at which the segment of st stands.
func (t *trips) mark(c *conn, st *step) mark {
	return mark{at: st.At, trips: t.of(c, st), segments: c.info.Segments}
}

// of returns the number of the trip that the segment of st is on, going by
// what its side has acknowledged.
func (t *trips) of(c *conn, st *step) int {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	had := other.synTrips
	switch {
	case st.from == client && other.acked > 1:
		had = max(had, t.response.trips)
	case st.from == server:
		had = max(had, t.delivered.trips)
	}
	if c.waits(st) {
		had = max(had, self.openTrips)
	}
	return had + 1
}

// waits reports whether the segment of st could not be sent before the SYN of
// its side was acknowledged.
func (c *conn) waits(st *step) bool {
	switch {
	case st.seg.Flags.Has(wire.SYN):
		return false
	case st.from == client:
		return true
	}
	return c.info.FastOpen != Accepted && c.info.FastOpen != Unknown
}

// acknowledged takes note that the segment of st covers everything of the
// other side below offset.
func (t *trips) acknowledged(c *conn, st *step, offset int64) {
	other := &c.sides[st.from.other()]
	if other.openTrips == 0 && other.acked > 0 {
		other.openTrips = t.of(c, st)
	}
	if st.from == client || offset > other.next {
		return
	}
	left := t.unread[:0]
	for _, f := range t.unread {
		if f.from < offset {
			t.delivered = f.mark
		}
		if f.to > offset {
			left = append(left, f)
		}
	}
	t.unread = left
	t.noteRequest(c)
}

// refuseSynData forgets the data of the SYN that a SYN-ACK has left out.
func (t *trips) refuseSynData() { t.unread = t.unread[:0] }

// sent takes note of data in the segment of st.
func (t *trips) sent(c *conn, st *step, data span) {
	self := &c.sides[st.from]
	switch {
	case c.info.MidStream:
		return
	case st.from == client && data.to > self.acked:
		if len(t.unread) == maxUnread {
			t.unread = append(t.unread[:0], t.unread[1:]...)
		}
		t.unread = append(t.unread, unreadData{data, t.mark(c, st)})
	case st.from == server && data.from <= 1 && self.acked <= 1:
		t.response = t.mark(c, st)
		c.info.ClientHasResponse = t.response.at
		c.info.ResponseTrips, c.info.ResponseSegments = t.response.trips, t.response.segments
		t.noteRequest(c)
	}
}

// noteRequest keeps the request as it is known by now. It does not grow any
// more once the response has begun.
func (t *trips) noteRequest(c *conn) {
	if t.fixed || t.delivered.trips == 0 {
		return
	}
	c.info.ServerHasRequest = t.delivered.at
	c.info.RequestTrips, c.info.RequestSegments = t.delivered.trips, t.delivered.segments
	t.fixed = t.response.trips > 0
}
