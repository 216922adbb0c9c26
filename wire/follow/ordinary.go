package follow

import (
	"tfocraft/wire"
)

// arrival says where the data of a segment lies in what was seen before.
type arrival int

const (
	arrivalNone  arrival = iota
	arrivalNext          // behind everything seen before
	arrivalAhead         // something before it was not seen yet
	arrivalGap           // closes a gap, at least in part
	arrivalAgain         // nothing new
)

// facts is what an ordinary segment, neither SYN nor RST, has done.
type facts struct {
	completes bool // the handshake
	acked     int  // bytes of data newly acknowledged
	ackedFin  bool
	beyond    bool // acknowledges what was not seen
	stale     bool // acknowledges less than an earlier segment
	missing   bool // tells of data behind a gap (RFC 2018)
	duplicate bool // tells of data that came twice (RFC 2883)

	arrival  arrival
	fresh    int  // bytes of data not seen before
	useless  bool // the other side has acknowledged all of it
	first    bool // the first data of its side behind the SYN
	rest     bool // what the SYN carried in vain
	unacked  bool // the server's SYN was not acknowledged yet
	probe    bool // a keepalive or window probe
	answers  bool // one of the other side
	fin      bool
	finAgain bool
	window   windowChange
	closed   bool // the connection, by this segment
}

type windowChange int

const (
	windowSame windowChange = iota
	windowMoved
	windowShut
	windowOpened
)

// ordinary takes a segment that is neither SYN nor RST.
func (c *conn) ordinary(st *step) string {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	if !st.seg.Flags.Has(wire.ACK) {
		return "no ACK flag: ignored"
	}
	if c.info.MidStream && !self.known {
		self.join(st.seg.Seq)
	}
	if !self.known {
		return "acknowledges something else: an older connection of these ports may be alive there"
	}
	if offset := self.offset(st.seg.Seq); offset < 0 || !self.near(offset) {
		return "sequence number far from this connection: ignored"
	}
	if !other.known {
		other.join(st.seg.Ack)
		if !c.info.MidStream {
			c.missedSynAck(self, other)
		}
	}
	unacked := st.from == server && self.acked == 0
	fa := c.readAck(st)
	fa.unacked = unacked
	fa.answers, other.probing = other.probing, false
	c.readData(st, &fa)
	c.readFin(st, &fa)
	c.readWindow(st, &fa)
	return c.words(st, &fa)
}

// missedSynAck concludes from the client's ACK that a SYN-ACK came before it.
func (c *conn) missedSynAck(self, other *side) {
	other.acked, other.synTrips = 0, 2
	self.acked, self.openTrips = max(self.acked, 1), 2
}

// readAck takes note of the acknowledgment number.
func (c *conn) readAck(st *step) (fa facts) {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	offset := other.offset(st.seg.Ack)
	fa.beyond = offset > other.next
	fa.stale = self.ackSeen && offset < self.ack
	if !fa.beyond && !fa.stale {
		self.ack, self.ackSeen = offset, true
	}
	if set, _ := st.seg.Options.Decode(); set.NumSACK > 0 {
		fa.duplicate = set.SACK[0].Left.Less(st.seg.Ack)
		fa.missing = !fa.duplicate
	}
	established, over, finAcked := c.established(), c.over(), other.finAcked()
	fa.acked = c.acknowledge(st)
	fa.completes = c.established() && !established
	fa.closed = c.over() && !over
	fa.ackedFin = other.finAcked() && !finAcked
	return fa
}

// readData takes note of the payload.
func (c *conn) readData(st *step, fa *facts) {
	self, n := &c.sides[st.from], len(st.seg.Payload)
	from := self.offset(st.seg.Seq)
	// A keepalive repeats one acknowledged byte, or none (RFC 9293, Section 3.8.4).
	fa.probe = from == self.next-1 && n <= 1 && self.acked == self.next && !st.seg.Flags.Has(wire.FIN)
	self.probing = fa.probe
	if n == 0 || fa.probe {
		return
	}
	data := span{from, from + int64(n)}
	highest, front := self.next, c.front(st.from)
	c.trips.sent(c, st, data)
	fa.fresh = self.add(from, n)
	switch {
	case fa.fresh == 0:
		fa.arrival = arrivalAgain
	case from > highest:
		fa.arrival = arrivalAhead
	case int64(fa.fresh) > max(0, data.to-highest):
		fa.arrival = arrivalGap
	default:
		fa.arrival = arrivalNext
	}
	fa.first = highest == front && fa.fresh > 0
	fa.useless = self.acked >= data.to
	if st.from == client && c.rest > 0 && data.from == c.rest && c.rest <= int64(c.info.SynData) {
		fa.rest = true
		c.rest = data.to
	}
	if fa.arrival == arrivalAgain && !fa.rest && !st.copy {
		c.info.Retransmits++
	}
}

// front is where the data of a side begins that its SYN did not carry.
func (c *conn) front(from end) int64 {
	if from == client {
		return 1 + int64(c.info.SynData)
	}
	return 1
}

func (c *conn) readFin(st *step, fa *facts) {
	if !st.seg.Flags.Has(wire.FIN) {
		return
	}
	self := &c.sides[st.from]
	fin := self.offset(st.seg.Seq) + int64(len(st.seg.Payload))
	switch {
	case !self.finSeen:
		self.finish(fin)
		fa.fin = true
	case self.fin == fin:
		fa.finAgain = true
		if !st.copy && fa.arrival == arrivalNone {
			c.info.Retransmits++
		}
	}
}

func (c *conn) readWindow(st *step, fa *facts) {
	self := &c.sides[st.from]
	if fa.stale {
		return
	}
	old, now := self.window, st.seg.Window
	known := self.windowSeen
	self.window, self.windowSeen = now, true
	switch {
	case !known || old == now:
	case now == 0:
		fa.window = windowShut
	case old == 0:
		fa.window = windowOpened
	default:
		fa.window = windowMoved
	}
}
