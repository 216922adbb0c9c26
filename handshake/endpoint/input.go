package endpoint

import (
	"errors"
	"net/netip"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// frame takes a frame that the link has received.
func (l *loop) frame(now time.Time, f *link.Frame) {
	if f.Outgoing {
		return
	}
	var err error
	if l.rx, err = wire.ParseFrame(f.Data); err != nil {
		l.notSegment(now, f.Data, err)
		return
	}
	if l.martian(&l.rx) {
		l.counters.Martians++
		return
	}
	// RFC 9293, Section 3.1: a segment with a wrong checksum is not looked at.
	if f.NeedsVerify() && !l.rx.ChecksumsOK() {
		l.counters.InCsumErrors++
		return
	}
	l.segment(now)
}

// martian reports whether a packet must not be answered, whatever is in it:
// RFC 1122, Section 3.2.1.3, and RFC 9293, Section 3.9.2.3.
func (l *loop) martian(p *wire.Packet) bool {
	src, dst := p.Addrs()
	switch {
	case !unicast(src) || !unicast(dst):
		return true
	case p.Ethernet.Dst[0]&1 != 0 || p.Ethernet.Src[0]&1 != 0:
		return true // a group: whoever else is in it would answer as well
	case src == dst && p.TCP.SrcPort == p.TCP.DstPort:
		return true // "land"
	case l.stack.config.Loopback:
		return false
	}
	return src == dst || src.IsLoopback() || dst.IsLoopback() || l.isLocal(src)
}

func unicast(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// isLocal reports whether a is one of the addresses in Config.Local.
func (l *loop) isLocal(a netip.Addr) bool {
	for _, p := range l.stack.config.Local {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// segment takes the segment in l.rx, which is intact.
func (l *loop) segment(now time.Time) {
	local, remote := l.rx.Dst(), l.rx.Src()
	if c := l.conns.get(tuple{local, remote}); c != nil {
		l.received(now)
		if !l.succeed(now, c) && !l.mustWait(c) && !l.displace(now, c) {
			l.input(now, c)
		}
		return
	}
	if ln := l.listenerFor(local); ln != nil {
		l.received(now)
		l.inputListen(now, ln)
		return
	}
	if l.stack.alone && l.isLocal(local.Addr()) || l.stack.ports.has(local) || l.answersFor(local.Addr()) && l.stack.ports.has(wildcard(local)) {
		l.received(now)
		l.refuse(now)
	}
}

func (l *loop) received(now time.Time) {
	l.counters.InSegs++
	l.stack.trace(now, false, &l.rx)
}

// mustWait reports whether the segment in l.rx would complete a connection that
// nobody has room for. It is dropped, as in Linux: the SYN-ACK goes again, and
// with it comes the next chance.
func (l *loop) mustWait(c *Conn) bool {
	return c.waiting && handshake.Completes(&l.rx.TCP) && c.listener.overflows(&l.counters)
}

// input gives the segment to its connection.
func (l *loop) input(now time.Time, c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.consumed > 0 && c.machine.State() != handshake.Closed {
		l.catchUp(now, c)
	}
	if !c.touched {
		c.touched = true
		l.touched = append(l.touched, c)
	}
	ignored := l.counters.Ignored
	c.machine.Mark(l.rx.ECN())
	l.apply(now, c, c.machine.InputMore(now, l.rx.TCP, l.outputs[:0]))
	if c.listener != nil && l.counters.Ignored == ignored {
		// A segment that fits the connection shows where the peer is now.
		c.setHeader(l.reversed())
	}
}

// settle acknowledges what a batch of frames has brought.
func (l *loop) settle(now time.Time) {
	for _, c := range l.touched {
		c.touched = false
		if c.machine.State() == handshake.Closed {
			continue
		}
		c.mu.Lock()
		l.apply(now, c, c.machine.Settle(now, l.outputs[:0]))
		c.mu.Unlock()
	}
	clear(l.touched)
	l.touched = l.touched[:0]
}

// reversed returns the link-layer header of an answer to the packet in l.rx.
// What can be answered needs no neighbour to be looked up.
func (l *loop) reversed() []byte {
	e := l.rx.Ethernet.Reversed()
	return e.Append(l.reverse[:0])
}

// refuse answers the segment as RFC 9293, Section 3.10.7.1, does where there
// is no connection.
func (l *loop) refuse(now time.Time) {
	l.counters.NoConn++
	if rst, ok := handshake.Refuse(&l.rx.TCP); ok {
		l.reply(now, rst)
	}
}

// reply answers the segment in l.rx where there is no connection.
func (l *loop) reply(now time.Time, s wire.Segment) {
	l.tx = wire.NewPacket(l.rx.Dst(), l.rx.Src(), s)
	l.send(now, l.reversed(), 0)
}

// notSegment takes a frame that is no intact TCP segment. It may be an ICMP
// error about one that we sent.
func (l *loop) notSegment(now time.Time, frame []byte, err error) {
	if !errors.Is(err, wire.ErrNotTCP) {
		l.counters.InErrs++
		return
	}
	e, err := wire.ParseICMPFrame(frame)
	if err != nil {
		return
	}
	// The quoted packet is ours: its source is the local side.
	if c := l.conns.get(tuple{e.Src, e.Dst}); c != nil {
		l.counters.ICMPErrors++
		c.mu.Lock()
		defer c.mu.Unlock()
		l.apply(now, c, c.machine.ICMP(now, e, l.outputs[:0]))
	}
}
