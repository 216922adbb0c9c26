package follow

import (
	"net/netip"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
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
	Sighting
	seg      *wire.Segment
	options  wire.OptionSet
	from     end
	copy     bool // made by the path
	again    bool // sent before
	rest     bool // what the SYN carried in vain
	ignored  bool // by its receiver
	stale    bool // older than what came before
	late     bool // after the end of the connection
	refused  bool // the SYN, by this reset
	fellBack bool // this SYN is the first without what the one before had of Fast Open
	facts    Facts
}

// ignore says that the receiver makes nothing of the segment, and why.
func (st *step) ignore(en, zh string) bilingual.Text {
	st.ignored = true
	return bilingual.T(en, zh)
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
		c.sides[client].state, c.sides[server].state = Closed, Listen
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
func (c *conn) segment(st *step, p *wire.Packet) bilingual.Text {
	self, other := st.from, st.from.other()
	c.info.Segments++
	st.copy = c.sides[self].recent.seen(st.At, p)
	st.facts.Sender, st.facts.Receiver = c.endpoint(self), c.endpoint(other)
	st.facts.Client = c.info.Client
	st.late = c.over()
	next := c.sides[self].next
	reason := c.dispatch(st)
	c.info.Sent, c.info.Received = c.sides[client].bytes, c.sides[server].bytes
	c.judge()
	c.time(st, next)
	c.announce(st)
	c.move(st)
	c.conclude(&st.facts, st)
	if c.over() {
		// What still comes is not measured: many more connections may be remembered than are open.
		c.sides[client].flight, c.sides[server].flight, c.trips.unread = nil, nil, nil
	}
	if !st.seg.Flags.Has(wire.SYN) && st.seg.Options.FastOpen().Present {
		reason = bilingual.Join(reason, bilingual.T("Fast Open option outside a SYN: ignored", "SYN 之外的 Fast Open 选项：被忽略"))
	}
	return reason
}

// conclude completes the facts with what the segment has told.
func (c *conn) conclude(f *Facts, st *step) {
	f.Copy, f.Retransmission = st.copy, st.again
	f.SynData, f.SynAcked, f.SynOption = c.info.SynData, -1, c.info.SynOption
	if !c.info.SynAck.IsZero() && !c.info.MidStream {
		f.SynAcked = c.info.SynAcked
	}
}

func (c *conn) dispatch(st *step) bilingual.Text {
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
// An acknowledgment that is lost changes nothing.
func (c *conn) acknowledge(st *step) (data int) {
	other := &c.sides[st.from.other()]
	offset, acked := other.offset(st.seg.Ack), other.acked
	if st.Lost {
		seen := *other
		return seen.acknowledge(offset)
	}
	data = other.acknowledge(offset)
	c.trips.acknowledged(c, st, offset)
	if other.acked > acked {
		c.measure(st, st.from.other(), offset)
	}
	if !c.established() && !c.info.MidStream && c.sides[client].acked > 0 && c.sides[server].acked > 0 {
		c.info.Established = st.At
	}
	if !c.over() && c.sides[client].finAcked() && c.sides[server].finAcked() {
		c.info.ClosedInOrder, c.info.Closed = true, st.At
	}
	return data
}
