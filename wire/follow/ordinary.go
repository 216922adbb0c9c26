package follow

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
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

// effects is what an ordinary segment, neither SYN nor RST, has done.
type effects struct {
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
func (c *conn) ordinary(st *step) bilingual.Text {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	if !st.seg.Flags.Has(wire.ACK) {
		return st.ignore("no ACK flag: ignored", "没有 ACK 标志：被忽略")
	}
	if c.info.MidStream && !self.known {
		self.join(st.seg.Seq)
	}
	if !self.known {
		return st.ignore("acknowledges something else: an older connection of these ports may be alive there", "确认的是别的内容：那里可能还有这对端口的旧连接")
	}
	if offset := self.offset(st.seg.Seq); offset < 0 || !self.near(offset) {
		return st.ignore("sequence number far from this connection: ignored", "序列号远离本连接：被忽略")
	}
	if !other.known {
		other.join(st.seg.Ack)
		if !c.info.MidStream {
			c.missedSynAck(self, other)
		}
	}
	unacked := st.from == server && self.acked == 0
	ef := c.readAck(st)
	ef.unacked = unacked
	ef.answers, other.probing = other.probing, false
	c.readData(st, &ef)
	c.readFin(st, &ef)
	c.readWindow(st, &ef)
	return c.words(st, &ef)
}

// missedSynAck concludes from the client's ACK that a SYN-ACK came before it. When that was is not known.
func (c *conn) missedSynAck(self, other *side) {
	other.acked, other.synTrips = 0, 2
	self.acked, self.openTrips, self.flight = max(self.acked, 1), 2, nil
}

// readAck takes note of the acknowledgment number.
func (c *conn) readAck(st *step) (ef effects) {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	offset := other.offset(st.seg.Ack)
	ef.beyond = offset > other.next
	ef.stale = self.ackSeen && offset < self.ack
	st.stale = ef.stale
	if !ef.beyond && !ef.stale {
		self.ack, self.ackSeen = offset, true
	}
	if st.options.NumSACK > 0 {
		ef.duplicate = st.options.SACK[0].Left.Less(st.seg.Ack)
		ef.missing = !ef.duplicate
	}
	established, over, finAcked := c.established(), c.over(), other.finAcked()
	ef.acked = c.acknowledge(st)
	ef.completes = c.established() && !established
	ef.closed = c.over() && !over
	ef.ackedFin = other.finAcked() && !finAcked
	return ef
}

// readData takes note of the payload.
func (c *conn) readData(st *step, ef *effects) {
	self, n := &c.sides[st.from], len(st.seg.Payload)
	from := self.offset(st.seg.Seq)
	// A keepalive repeats one acknowledged byte, or none (RFC 9293, Section 3.8.4).
	ef.probe = from == self.next-1 && n <= 1 && self.acked == self.next && !st.seg.Flags.Has(wire.FIN)
	self.probing = ef.probe
	if n == 0 || ef.probe {
		return
	}
	data := span{from, from + int64(n)}
	highest, front := self.next, c.front(st.from)
	c.trips.sent(c, st, data)
	ef.fresh = self.add(from, n)
	switch {
	case ef.fresh == 0:
		ef.arrival = arrivalAgain
	case from > highest:
		ef.arrival = arrivalAhead
	case int64(ef.fresh) > max(0, data.to-highest):
		ef.arrival = arrivalGap
	default:
		ef.arrival = arrivalNext
	}
	ef.first = highest == front && ef.fresh > 0
	ef.useless = self.acked >= data.to
	if st.from == client && c.rest > 0 && data.from == c.rest && c.rest <= int64(c.info.SynData) {
		ef.rest = true
		c.rest = data.to
	}
	st.rest = ef.rest
	if ef.arrival == arrivalAgain && !st.copy {
		st.again = true
		if !ef.rest {
			c.retransmitted(st.from)
		}
	}
}

func (c *conn) retransmitted(from end) {
	c.info.Retransmits++
	if from == server {
		c.info.ServerRetransmits++
	}
}

// front is where the data of a side begins that its SYN did not carry.
func (c *conn) front(from end) int64 {
	if from == client {
		return 1 + int64(c.info.SynData)
	}
	return 1
}

func (c *conn) readFin(st *step, ef *effects) {
	if !st.seg.Flags.Has(wire.FIN) {
		return
	}
	self := &c.sides[st.from]
	fin := self.offset(st.seg.Seq) + int64(len(st.seg.Payload))
	switch {
	case !self.finSeen:
		self.finish(fin)
		ef.fin = true
	case self.fin == fin:
		ef.finAgain = true
		st.again = !st.copy
		if !st.copy && ef.arrival == arrivalNone {
			c.retransmitted(st.from)
		}
	}
}

func (c *conn) readWindow(st *step, ef *effects) {
	self := &c.sides[st.from]
	if ef.stale {
		return
	}
	old, now := self.window, st.seg.Window
	known := self.windowSeen
	self.window, self.windowSeen = now, true
	switch {
	case !known || old == now:
	case now == 0:
		ef.window = windowShut
	case old == 0:
		ef.window = windowOpened
	default:
		ef.window = windowMoved
	}
}
