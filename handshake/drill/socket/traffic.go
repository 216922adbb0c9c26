package socket

import (
	"net/netip"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// ends are the addresses of a connection.
type ends struct{ local, remote netip.AddrPort }

// A traffic is what tcp_info tells of the segments of a connection.
type traffic struct {
	out, in way
	acked   time.Time // when the last acknowledgement has come
	begun   time.Time // when the handshake was over here
	late    uint64    // segments that came out of order (tcpi_rcv_ooopack)
	urgent  urgency
	syn     int // how long the headers of the peer's SYN were
	heard
}

// A way is one direction.
type way struct {
	segments, data uint64 // those that the connection counts, and those with data
	bytes, again   uint64 // of data, and those sent before
	last           time.Time
	first, top     wire.Seq // where data begins, and the end of what was sent
	resent         []span   // since somebody has looked
	mss, scale     int      // in the SYN
}

// A span is a piece of data, counted from the first byte of the connection.
type span struct{ from, to uint64 }

// ipv6Header is the length of IPv6's header.
const ipv6Header = 40

// observe counts a segment, and begins anew with a SYN that nothing was before.
func (h *Host) observe(at time.Time, outgoing bool, p *wire.Packet) {
	e := ends{p.Dst(), p.Src()}
	if outgoing {
		e = ends{p.Src(), p.Dst()}
	}
	t := h.traffic[e]
	if t == nil || p.TCP.Flags&(wire.SYN|wire.ACK) == wire.SYN && !t.begun.IsZero() {
		if p.TCP.Flags&wire.SYN == 0 {
			return
		}
		t = &traffic{syn: p.IPv4.WireLen() + p.TCP.WireLen() - len(p.TCP.Payload)}
		if p.IPVersion == 6 {
			t.syn = ipv6Header + p.TCP.WireLen() - len(p.TCP.Payload)
		}
		h.traffic[e] = t
	}
	if outgoing {
		t.sent(at, &p.TCP)
	} else {
		t.came(at, &p.TCP)
	}
}

// sent counts a segment of the host. Its SYN-ACK is not yet one of the connection, as
// in Linux.
func (t *traffic) sent(at time.Time, s *wire.Segment) {
	if s.Flags&(wire.SYN|wire.ACK) != wire.SYN|wire.ACK {
		t.out.segments++
	}
	t.out.take(at, s)
	if s.Flags&(wire.SYN|wire.ACK) == wire.ACK && t.begun.IsZero() {
		t.begun = at
	}
}

// came counts a segment of the peer, of the SYNs the first one.
func (t *traffic) came(at time.Time, s *wire.Segment) {
	syn := s.Flags&(wire.SYN|wire.ACK) == wire.SYN
	if !syn || t.in.segments == 0 {
		t.in.segments++
	}
	if len(s.Payload) > 0 && t.in.top.Less(s.Seq) && !syn {
		t.late++
	}
	before, top := t.in.last, t.in.top
	if t.in.take(at, s); len(s.Payload) > 0 && !syn && top == s.Seq {
		t.begin()
		t.took(at, before, s, t.out.mss)
	}
	if s.Flags&wire.ACK != 0 {
		t.acked = at
		if t.begun.IsZero() {
			t.begun = at
		}
	}
}

// begin is before the first data has come.
func (t *traffic) begin() {
	if t.heard.mss == 0 {
		t.heard.begin(t.out.mss, t.in.mss)
	}
}

// peerMSS is how long the peer's segments seem to be.
func (t *traffic) peerMSS(i *handshake.Info) int {
	if !i.State.Synchronized() {
		return unconnected.MSS
	}
	t.begin()
	return t.heard.mss
}

// take counts what a segment carries.
func (w *way) take(at time.Time, s *wire.Segment) {
	if s.Flags&wire.SYN != 0 {
		w.first, w.top = s.Seq.Add(1), s.Seq.Add(1)
		w.mss, w.scale = synOptions(s.Options)
	}
	n := len(s.Payload)
	if n == 0 {
		return
	}
	w.data++
	w.bytes += uint64(n)
	w.last = at
	end := s.Seq.Add(n)
	if s.Flags&wire.SYN != 0 {
		end = end.Add(1)
	}
	if fresh := end.Diff(w.top); fresh < n {
		w.again += uint64(n - max(fresh, 0))
		to := max(end.Diff(w.first), n)
		w.resent = append(w.resent, span{uint64(to - n), uint64(to)})
	}
	if w.top.Less(end) {
		w.top = end
	}
}

// synOptions returns the MSS and the window scale of a SYN; 0 where there is none.
func synOptions(o wire.Options) (mss, scale int) {
	for option, err := range o.All() {
		switch {
		case err != nil:
			return mss, scale
		case option.Kind == wire.KindMSS && len(option.Data) == 2:
			mss = int(option.Data[0])<<8 | int(option.Data[1])
		case option.Kind == wire.KindWindowScale && len(option.Data) == 1:
			scale = int(option.Data[0])
		}
	}
	return mss, scale
}

// trafficOf returns what was counted of the connection of a socket.
func (s *socket) trafficOf() *traffic {
	if s.conn != nil {
		if t := s.host.traffic[ends{addrPort(s.conn.LocalAddr()), addrPort(s.conn.RemoteAddr())}]; t != nil {
			return t
		}
	}
	return &traffic{}
}

// since is how many milliseconds ago something was, or else the connection began.
func (s *socket) since(at, begun time.Time) int64 {
	if at.IsZero() {
		at = begun
	}
	if at.IsZero() {
		return 0
	}
	return s.host.now.Sub(at).Milliseconds()
}
