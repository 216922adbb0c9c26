package load

import (
	"net/netip"
	"time"

	"tfocraft/wire"
)

// Input takes a frame that has come at a time before now. With verify its checksum
// is checked: nobody else has. It sends nothing; [Engine.Settle] does.
func (e *Engine) Input(now, at time.Duration, frame []byte, verify bool) {
	p, err := wire.ParseFrame(frame)
	if err != nil || p.Src() != e.config.Server || verify && !p.ChecksumsOK() {
		e.counters.Bad++
		return
	}
	to := p.Dst()
	client, ok := e.config.Clients.Index(to.Addr())
	switch {
	case !ok:
		e.counters.Bad++
	case e.config.blind():
		e.countAnswer(client, &p.TCP)
	default:
		if i := e.table[key(client, to.Port())]; i > 0 {
			e.input(i-1, now, at, &p.TCP)
			return
		}
		e.inputStray(to, &p.TCP)
	}
}

// countAnswer counts an answer to an exchange that nobody remembers. What it
// acknowledges tells whether data was taken: from one use of a pair to the next its
// numbers go on by steps that are longer than any data. An answer that a server
// repeats counts each time.
func (e *Engine) countAnswer(client int, s *wire.Segment) {
	if !s.Flags.Has(wire.SYN|wire.ACK) && !s.Flags.Has(wire.RST) {
		return
	}
	acked, ok := e.blindlyAcked(client, s)
	switch {
	case !ok:
		e.counters.Strays++
	case s.Flags.Has(wire.RST):
		e.counters.Resets++
	default:
		e.counters.SynAcks++
		if acked > 1 {
			e.counters.Accepted++
		} else if e.config.Sizes.max > 0 {
			e.counters.Rejected++
		}
	}
}

// blindlyAcked returns how many numbers of a SYN of this run a segment acknowledges. It
// reports false for the answer to another run: no SYN of this one has these numbers.
func (e *Engine) blindlyAcked(client int, s *wire.Segment) (acked int, ok bool) {
	d := uint32(s.Ack.Diff(e.isn(client, s.DstPort)))
	most := 1 + e.config.Sizes.max
	if len(e.config.Mutations) > 0 {
		most++ // one of them is a FIN
	}
	acked = int(d & (1<<isnStep - 1))
	return acked, s.Flags.Has(wire.ACK) && d>>isnStep <= e.walk.last && acked >= 1 && acked <= most
}

// inputStray takes a segment of no exchange in flight: one that has just ended, or
// was given up.
func (e *Engine) inputStray(to netip.AddrPort, s *wire.Segment) {
	e.counters.Strays++
	switch {
	case !s.Flags.Has(wire.ACK) || s.Flags.Has(wire.RST):
	case s.Flags.Has(wire.FIN):
		// As in TIME-WAIT, which needs no memory: the FIN itself says what to answer.
		e.reply(reply{to.Addr(), to.Port(), wire.ACK, s.Ack, s.End()})
	case s.Flags.Has(wire.SYN) || len(s.Payload) > 0:
		// RFC 9293, Section 3.5.2: reset what belongs to no connection.
		e.reply(reply{to.Addr(), to.Port(), wire.RST, s.Ack, 0})
	}
}

func (e *Engine) reply(r reply) {
	if len(e.replies) < maxReplies {
		e.replies = append(e.replies, r)
	}
}

// note makes [Engine.Settle] look at an exchange.
func (e *Engine) note(i int32) {
	if x := &e.exchanges[i]; !x.noted {
		x.noted = true
		e.noted = append(e.noted, i)
	}
}

func (e *Engine) input(i int32, now, at time.Duration, s *wire.Segment) {
	x := &e.exchanges[i]
	at = min(max(at, x.begun), now)
	switch x.phase {
	case synSent:
		e.inputSynSent(i, now, at, s)
	case open:
		e.inputOpen(i, now, at, s)
	}
}

// inputSynSent is RFC 9293, Section 3.10.7.3.
func (e *Engine) inputSynSent(i int32, now, at time.Duration, s *wire.Segment) {
	x := &e.exchanges[i]
	if !s.Flags.Has(wire.ACK) {
		return
	}
	acked := s.Ack.Diff(x.isn.Add(1))
	if acked < 0 || acked > int(x.high) {
		// An answer to an earlier connection of this pair.
		e.counters.Strays++
		if !s.Flags.Has(wire.RST) {
			e.reply(reply{e.addr(x), x.port(), wire.RST, s.Ack, 0})
		}
		return
	}
	switch {
	case s.Flags.Has(wire.RST):
		e.counters.Resets++
		e.drop(i)
	case s.Flags.Has(wire.SYN):
		e.inputSynAck(i, now, at, acked, s)
	}
}

func (e *Engine) inputSynAck(i int32, now, at time.Duration, acked int, s *wire.Segment) {
	x := &e.exchanges[i]
	set, _ := s.Options.Decode()
	e.counters.SynAcks++
	fresh := set.FastOpen.Cookie
	if len(fresh) > 0 {
		e.counters.Cookies++
		if e.config.Learn != nil {
			e.config.Learn.learn(x.client(), fresh)
		}
	}
	if e.config.Mode == Request {
		e.endRequest(i, at, len(fresh) > 0, s)
		return
	}
	switch {
	case acked > 0:
		e.counters.Accepted++
	case x.synData > 0 && !x.repeated:
		e.counters.Rejected++
	}
	form := &e.config.Form
	x.phase, x.level = open, 0
	x.stamped = form.timestamps && set.HasTimestamps
	if x.scaled = form.scale && set.HasWindowScale; x.scaled {
		x.shift = min(set.WindowScale, 14)
	}
	x.ecr = set.Timestamps.Val
	x.mss = set.MSS
	if !set.HasMSS {
		x.mss = e.defaultMSS()
	}
	x.una = uint32(acked)
	x.next = x.una // what the SYN-ACK leaves out goes again at once (RFC 7413, Section 4.2.2)
	x.window = uint32(s.Window)
	x.rcvNext = s.Seq.Add(1)
	x.ackDue = true
	e.inputData(i, at, s)
	e.note(i)
}

// endRequest resets what a request has begun, so that the server keeps nothing.
func (e *Engine) endRequest(i int32, at time.Duration, cookie bool, s *wire.Segment) {
	x := &e.exchanges[i]
	e.reply(reply{e.addr(x), x.port(), wire.RST, s.Ack, 0})
	if cookie {
		e.complete(at)
		e.latency.record(at - x.planned)
	} else {
		e.counters.NoCookie++
	}
	e.drop(i)
}

func (e *Engine) complete(at time.Duration) {
	e.counters.Completed++
	e.last = max(e.last, at)
}

func (e *Engine) inputOpen(i int32, now, at time.Duration, s *wire.Segment) {
	x := &e.exchanges[i]
	switch {
	case s.Flags.Has(wire.RST):
		// RFC 5961, Section 3.2, without the challenge: a wrong number is ignored.
		if s.Seq == x.rcvNext {
			e.reset(i, at)
		}
		return
	case s.Flags.Has(wire.SYN):
		x.ackDue = true // our ACK was lost
		e.note(i)
		return
	case !s.Flags.Has(wire.ACK):
		return
	}
	e.inputAck(i, now, s)
	e.inputData(i, at, s)
}

// reset ends an exchange that the server has reset. With everything there it is no
// loss: the server has forgotten a connection that was closed.
func (e *Engine) reset(i int32, at time.Duration) {
	x := &e.exchanges[i]
	if x.finSeen {
		e.complete(at)
	} else {
		e.counters.Resets++
	}
	e.drop(i)
}

func (e *Engine) inputAck(i int32, now time.Duration, s *wire.Segment) {
	x := &e.exchanges[i]
	acked := s.Ack.Diff(x.seq(0))
	if acked < int(x.una) || acked > int(x.high) {
		return
	}
	x.window = uint32(s.Window) << x.shift
	if acked > int(x.una) {
		x.una = uint32(acked)
		x.next = max(x.next, x.una)
		x.level = 0
		if x.una == x.high {
			x.rto.unset()
		} else {
			e.armRTO(i, now)
		}
		e.note(i)
	}
}

// inputData takes data and FIN that come in order; what comes early is answered and
// forgotten, for the server sends it again.
func (e *Engine) inputData(i int32, at time.Duration, s *wire.Segment) {
	x := &e.exchanges[i]
	if len(s.Payload) == 0 && !s.Flags.Has(wire.FIN) {
		return
	}
	x.ackDue = true
	e.note(i)
	old := x.rcvNext.Diff(s.DataSeq())
	if old < 0 || old > len(s.Payload) || x.finSeen {
		return
	}
	if fresh := len(s.Payload) - old; fresh > 0 {
		x.rcvNext = x.rcvNext.Add(fresh)
		e.counters.ResponseBytes += uint64(fresh)
		if !x.answered {
			x.answered = true
			e.counters.Responses++
			e.firstByte.record(at - x.planned)
		}
	}
	if x.stamped {
		if set, _ := s.Options.Decode(); set.HasTimestamps {
			x.ecr = set.Timestamps.Val
		}
	}
	if s.Flags.Has(wire.FIN) {
		x.finSeen = true
		x.rcvNext = x.rcvNext.Add(1)
		e.latency.record(at - x.planned)
	}
}

// Settle sends what the frames that came ask for, a segment for each exchange however
// many frames it had.
func (e *Engine) Settle(now time.Duration, out Output) {
	for _, r := range e.replies {
		s := wire.Segment{Flags: r.flags, Seq: r.seq, Ack: r.ack, Window: e.config.Form.Window}
		e.frames.send(netip.AddrPortFrom(r.client, r.port), s, out)
	}
	e.replies = e.replies[:0]
	for _, i := range e.noted {
		x := &e.exchanges[i]
		x.noted = false
		if x.phase != open {
			continue
		}
		e.push(i, now, out)
		if x.finSeen && x.finAcked() {
			e.complete(now)
			e.drop(i)
		}
	}
	e.noted = e.noted[:0]
}

// push sends the data and the FIN that the window has room for, or else an
// acknowledgement that is due.
func (e *Engine) push(i int32, now time.Duration, out Output) {
	x := &e.exchanges[i]
	segment := uint32(e.segmentSize(x))
	room := x.una + min(x.window, window*segment)
	closing := x.finSeen || !e.config.KeepOpen
	begin := x.next
	for x.next <= x.size {
		n := min(x.size-x.next, segment)
		if x.next+n > room {
			n = room - min(room, x.next)
		}
		fin := closing && x.next+n == x.size
		if n == 0 && !fin {
			break
		}
		flags := wire.ACK
		if n > 0 {
			flags |= wire.PSH
		}
		if fin {
			flags |= wire.FIN
		}
		e.sendSegment(x, flags, x.next, e.frames.payload[x.next:x.next+n], out)
		x.next += n
		if fin {
			x.next++
		}
	}
	sent := x.next > begin
	x.high = max(x.high, x.next)
	if x.ackDue {
		e.sendSegment(x, wire.ACK, x.next, nil, out)
	}
	switch {
	case x.una == x.high:
		x.rto.unset()
	case sent || x.rto.list == nil:
		e.armRTO(i, now)
	}
}

// segmentSize is how much data a segment may have.
func (e *Engine) segmentSize(x *exchange) int {
	n := min(e.config.MSS, int(x.mss))
	if x.stamped {
		n -= timestampsLen
	}
	return max(n, 1)
}

// defaultMSS is that of a server that tells none (RFC 9293, Section 3.7.1).
func (e *Engine) defaultMSS() uint16 {
	if e.config.Clients.Is4() {
		return 536
	}
	return 1220
}

// timestampsLen is what timestamps take, with their padding.
const timestampsLen = 12

func (e *Engine) sendSegment(x *exchange, flags wire.Flags, offset uint32, data []byte, out Output) {
	x.ackDue = false
	s := wire.Segment{Flags: flags, Seq: x.seq(offset), Ack: x.rcvNext, Window: e.config.Form.Window, Payload: data}
	if x.scaled {
		s.Window = e.config.Form.laterWindow()
	}
	if x.stamped {
		s.Options = wire.AppendTimestamps(wire.AppendNOP(e.scratch[:0], 2), wire.Timestamps{Val: e.config.Form.tsVal, Ecr: x.ecr})
	}
	e.frames.send(netip.AddrPortFrom(e.addr(x), x.port()), s, out)
}

// sendReset tells the server that an exchange is given up; before the server has
// answered there is nothing to tell.
func (e *Engine) sendReset(x *exchange, out Output) {
	if x.phase == open {
		e.sendSegment(x, wire.RST|wire.ACK, x.high, nil, out)
	}
}
