package socket

import "tfocraft/wire"

// An urgency is what the peer has said of urgent data: in Linux that is one byte, the
// last one whose place has come (tcp_check_urg).
type urgency struct {
	state urgentState
	at    uint64 // its place in the stream, counted from the first byte
}

type urgentState uint8

const (
	notUrgent    urgentState = iota
	urgentToCome             // TCP_URG_NOTYET
	urgentThere              // TCP_URG_VALID
	urgentRead               // TCP_URG_READ
)

// urge is tcp_urg: it notes what a segment says of urgent data before that is looked at
// for anything else. The pointer leads behind the urgent byte, as net.ipv4.tcp_stdurg
// has it when it is 0.
func (h *Host) urge(p *wire.Packet) {
	e := ends{p.Dst(), p.Src()}
	t, s := h.traffic[e], &p.TCP
	if t == nil || t.begun.IsZero() && s.Flags&wire.ACK == 0 || s.Flags&(wire.SYN|wire.RST) != 0 {
		return
	}
	copied, next := uint64(0), uint64(max(t.in.top.Diff(t.in.first), 0))
	var k *socket
	if fd, ok := h.Find(e.local, e.remote); ok {
		k = h.files[fd].socket
		copied, next = k.copied(), k.conn.Info().Received
	}
	from := s.Seq.Diff(t.in.first)
	if from < 0 || from+len(s.Payload) < int(next) || from > int(next)+1<<20 {
		return
	}
	if s.Flags&wire.URG != 0 {
		at := from + int(s.Urgent)
		if s.Urgent > 0 {
			at--
		}
		before := t.urgent
		if t.urgent.note(uint64(at), copied, next) && k != nil && before.state != notUrgent && before.at == copied && !k.inline() {
			k.skip() // nobody will read over the last one any more
		}
	}
	if u := &t.urgent; u.state == urgentToCome && int(u.at) >= from && int(u.at) < from+len(s.Payload) {
		u.state = urgentThere
	}
}

// note takes a place for that of the urgent byte, unless it was there before or
// another one is further on, and reports whether it does.
func (u *urgency) note(at, copied, next uint64) bool {
	if at < copied || at < next || u.state != notUrgent && at <= u.at {
		return false
	}
	u.state, u.at = urgentToCome, at
	return true
}

// copied is how many bytes of the stream were read.
func (s *socket) copied() uint64 {
	have, _ := s.conn.Buffered()
	return s.conn.Info().Received - uint64(have)
}

// inline reports whether urgent data stays among the other.
func (s *socket) inline() bool { return s.options.get(SOL_SOCKET, SO_OOBINLINE) != 0 }

// urgent returns what is known of urgent data of the connection.
func (s *socket) urgent() *urgency { return &s.trafficOf().urgent }

// atMark reports whether the next byte to read is the urgent one (SIOCATMARK).
func (s *socket) atMark() bool {
	if s.conn == nil {
		return false
	}
	u := s.urgent()
	return u.state != notUrgent && u.at == s.copied()
}

// beforeMark is how many of n bytes come before the urgent one; all if that stands at
// the beginning.
func (s *socket) beforeMark(n int) int {
	u := s.urgent()
	if copied := s.copied(); u.state != notUrgent && u.at > copied {
		return min(n, int(u.at-copied))
	}
	return n
}

// passMark forgets an urgent byte that was read over.
func (s *socket) passMark() {
	if u := s.urgent(); u.state != notUrgent && s.copied() > u.at {
		u.state = notUrgent
	}
}

// skipMark leaves out the urgent byte, which is not among the others unless the program
// wants that.
func (s *socket) skipMark() {
	if s.atMark() && !s.inline() {
		s.skip()
		s.passMark()
	}
}

// skip reads a byte that nobody gets.
func (s *socket) skip() {
	if have, _ := s.conn.Buffered(); have > 0 {
		_, _ = s.conn.TryRead(make([]byte, 1)) // there is one
		s.host.settle()
	}
}

// receiveUrgent is tcp_recv_urg.
func (s *socket) receiveUrgent(n, flags int) Op {
	if s.listener != nil || s.conn == nil && s.err == "" {
		return failed(ENOTCONN)
	}
	u := &urgency{}
	if s.conn != nil {
		u = s.urgent()
	}
	switch {
	case s.inline() || u.state == notUrgent || u.state == urgentRead:
		return failed(EINVAL)
	case u.state == urgentThere:
		if flags&MSG_PEEK == 0 {
			u.state = urgentRead
		}
		r := value(min(n, 1))
		if r.Flags = MSG_OOB; n == 0 {
			r.Flags |= MSG_TRUNC
		}
		return done(r)
	case s.over() || s.shutRead:
		return status("")
	}
	return failed(EAGAIN)
}
