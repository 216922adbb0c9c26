package follow

import (
	"net/netip"
	"time"

	"tfocraft/wire"
)

// end is one of the two ends of a connection.
type end int

const (
	client end = iota
	server
)

func (e end) other() end { return 1 - e }

// conn is a connection with what is needed to judge its next segment.
type conn struct {
	info  Connection
	sides [2]side
	trips trips
	// rest is where the data begins that the SYN carried in vain and that has
	// not come again yet.
	rest int64
	// plainAgain tells that the SYN went again without the option or the data
	// of the first.
	plainAgain bool
	refused    bool // by a reset that answered the SYN
}

// step is one segment on its way through the functions below, each of which
// returns the reason for the segment.
type step struct {
	at   time.Time
	seg  *wire.Segment
	from end
	copy bool // made by the path
}

// newConn begins a connection with the segment that was seen first.
func newConn(number int, src, dst netip.AddrPort, s *wire.Segment) (*conn, end) {
	c := &conn{info: Connection{
		Number: number, Client: src, Server: dst,
		SynOption: OptionNone, SynAckOption: OptionNone,
		Why: WhyNotSeen,
	}}
	from := client
	switch {
	case isSyn(s):
		return c, from
	case isSynAck(s):
		from = server
	case src.Port() < dst.Port():
		from = server
	}
	if from == server {
		c.info.Client, c.info.Server = dst, src
	}
	c.info.MidStream = true
	return c, from
}

func isSyn(s *wire.Segment) bool { return s.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN }

func isSynAck(s *wire.Segment) bool {
	return s.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK
}

// over reports whether the connection has ended.
func (c *conn) over() bool { return c.info.Reset || c.info.ClosedInOrder }

func (c *conn) established() bool { return !c.info.Established.IsZero() }

// succeededBy reports whether the segment begins another connection between
// the same ends: a SYN after the end, or one with another sequence number. A
// SYN-ACK tells the ends apart that were guessed before.
func (c *conn) succeededBy(at time.Time, p *wire.Packet, from end) bool {
	s, self, other := &p.TCP, &c.sides[from], &c.sides[from.other()]
	switch {
	case isSynAck(s):
		return c.info.MidStream && !self.synSeen
	case !isSyn(s) || self.recent.has(at, p):
		return false
	case c.over():
		return true
	case self.synSeen:
		return s.Seq != self.base
	}
	// A SYN from the other end is a simultaneous open before it has answered.
	return self.known || !other.synSeen
}

// segment takes the next segment of the connection and returns its reason.
func (c *conn) segment(at time.Time, p *wire.Packet, from end) string {
	c.info.Segments++
	st := step{at: at, seg: &p.TCP, from: from, copy: c.sides[from].recent.seen(at, p)}
	reason := c.dispatch(&st)
	c.info.Sent, c.info.Received = c.sides[client].bytes, c.sides[server].bytes
	c.judge()
	if st.seg.Flags.Has(wire.SYN) {
		return reason
	}
	if st.seg.Options.FastOpen().Present {
		reason += "; Fast Open option outside a SYN: ignored"
	}
	return reason
}

func (c *conn) dispatch(st *step) string {
	switch {
	case st.seg.Flags.Has(wire.RST):
		return c.reset(st)
	case isSyn(st.seg):
		return c.syn(st)
	case isSynAck(st.seg):
		return c.synAck(st)
	}
	return c.ordinary(st)
}

// text returns the segment with numbers relative to those of both sides.
func (c *conn) text(s *wire.Segment, from end) string {
	base := wire.TextBase{SeqBase: c.sides[from].base, AckBase: c.sides[from.other()].base}
	return string(wire.AppendText(nil, s, base))
}

// acknowledge takes note of the acknowledgment number in a segment, and of
// what becomes true with it. It returns the bytes of data newly acknowledged.
func (c *conn) acknowledge(st *step) (data int) {
	other := &c.sides[st.from.other()]
	offset := other.offset(st.seg.Ack)
	data = other.acknowledge(offset)
	c.trips.acknowledged(c, st, offset)
	if !c.established() && !c.info.MidStream && c.sides[client].acked > 0 && c.sides[server].acked > 0 {
		c.info.Established = st.at
	}
	if !c.over() && c.sides[client].finAcked() && c.sides[server].finAcked() {
		c.info.ClosedInOrder, c.info.Closed = true, st.at
	}
	return data
}
