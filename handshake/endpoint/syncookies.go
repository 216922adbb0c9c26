package endpoint

import (
	"time"

	"tfocraft/handshake"
)

// SynCookies says when a listener answers SYNs without keeping anything of
// them. What that costs a connection says [handshake.SynCookies].
type SynCookies uint8

// The modes, those of Linux's net.ipv4.tcp_syncookies.
const (
	// SynCookiesOnOverflow sends them while ListenConfig.Backlog connections are
	// half open.
	SynCookiesOnOverflow SynCookies = iota
	// SynCookiesAlways sends nothing else; there is no Fast Open then. It is for
	// tests.
	SynCookiesAlways
	// SynCookiesOff drops SYNs that come while the backlog is full.
	SynCookiesOff
)

// wantsCookie reports whether the next SYN is to be answered by a cookie.
func (ln *Listener) wantsCookie() bool {
	switch ln.config.SynCookies {
	case SynCookiesAlways:
		return true
	case SynCookiesOff:
		return false
	}
	return ln.crowded()
}

// answersInHaste is how many SYN cookies a batch of frames is answered with at most while
// batches are full.
const answersInHaste = 4

// mayAnswer reports whether a SYN may be answered by a cookie. While frames come faster
// than they are taken, few are: an answer takes several times as long as finding out that
// a SYN has nothing to show for itself, and those who have would drown with the rest.
func (l *loop) mayAnswer() bool {
	if !l.inHaste {
		return true
	}
	l.answers++
	return l.answers <= answersInHaste
}

// answerCookie answers the SYN in l.rx and forgets it. There is no Fast Open,
// whatever the SYN shows: its data comes again behind the ACK.
func (l *loop) answerCookie(now time.Time, ln *Listener) {
	if ln.cookiesAt.IsZero() && ln.config.SynCookies != SynCookiesAlways {
		l.log.Warn("endpoint: backlog of half-open connections is full; answering with SYN cookies", "local", ln.addr)
	}
	ln.cookiesAt = now
	l.counters.TCPReqQFullDoCookies++
	l.counters.SyncookiesSent++
	local, remote := l.rx.Dst(), l.rx.Src()
	config := l.stack.machineConfig(ln.config.Machine, local, remote, segmentSize(l.stack.mtu, local.Addr()))
	l.reply(now, l.cookies.Answer(now, config, local, remote, l.rx.TCP))
}

// acceptCookie opens the connection whose cookie the ACK in l.rx brings back,
// and reports whether the segment needs no other answer. As in Linux, only a
// listener that has sent cookies lately looks for one, so that there is nothing
// to guess at as a rule. A connection between the same ports gives way, if there is
// one.
func (l *loop) acceptCookie(now time.Time, ln *Listener, other *Conn) bool {
	ack := &l.rx.TCP
	if !mayBeCookie(now, ln.cookiesAt) || !handshake.Completes(ack) {
		return false
	}
	local, remote := l.rx.Dst(), l.rx.Src()
	config := l.stack.machineConfig(ln.config.Machine, local, remote, segmentSize(l.stack.mtu, local.Addr()))
	syn, ok := l.cookies.Recall(now, config, local, remote, *ack)
	if !ok {
		l.counters.SyncookiesFailed++
		// Only the first byte's number fits a cookie. If the ACK was lost, and the
		// first data with it, or was good and had to be dropped, the client may be
		// anywhere by now; Linux resets it, while here its repeated first segment
		// finds it a place.
		return ack.Len() > 0 || mayBeCookie(now, ln.overflowAt)
	}
	l.counters.SyncookiesRecv++
	if ln.overflows(&l.counters) {
		ln.overflowAt = now
		return true
	}
	if other != nil {
		other.mu.Lock()
		l.apply(now, other, other.machine.GiveWay(now, l.outputs[:0]))
		other.mu.Unlock()
	}
	m, out := handshake.RestoreServer(now, config, syn, *ack, l.outputs[:0])
	c := ln.newConn(local, remote, m)
	l.insertServer(now, ln, c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = true
	ln.halfOpen++
	l.apply(now, c, out)
	return true
}

// displace tries the segment in l.rx for a cookie if it does not fit c, which is
// half open, and reports whether it needs no other answer. The SYN of c was then
// answered by a cookie, and when it came again, by c; to the client only the
// first answer counts.
func (l *loop) displace(now time.Time, c *Conn) bool {
	if !c.waiting || !mayBeCookie(now, c.listener.cookiesAt) {
		return false
	}
	c.mu.Lock()
	displaced := c.machine.Displaced(l.rx.TCP)
	c.mu.Unlock()
	return displaced && l.acceptCookie(now, c.listener, c)
}

// mayBeCookie reports whether a cookie from that time is still good.
func mayBeCookie(now, at time.Time) bool {
	return !at.IsZero() && now.Sub(at) <= handshake.SynCookieValid
}
