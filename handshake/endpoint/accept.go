package endpoint

import (
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/wire"
)

// listenerFor returns the listener that a segment to local is for.
func (l *loop) listenerFor(local netip.AddrPort) *Listener {
	if ln := l.listeners[local]; ln != nil {
		return ln
	}
	if ln := l.listeners[wildcard(local)]; ln != nil && l.answersFor(local.Addr()) {
		return ln
	}
	return nil
}

// answersFor reports whether a listener on the unspecified address answers for
// a.
func (l *loop) answersFor(a netip.Addr) bool {
	return len(l.stack.config.Local) == 0 || l.isLocal(a)
}

// wildcard returns the port at the unspecified address of the family.
func wildcard(a netip.AddrPort) netip.AddrPort {
	if a.Addr().Is4() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port())
}

// inputListen is RFC 9293, Section 3.10.7.2, for the segment in l.rx.
func (l *loop) inputListen(now time.Time, ln *Listener) {
	syn := &l.rx.TCP
	switch {
	case handshake.Listens(syn):
		l.accept(now, ln, l.stack.isn.ISN(now, l.rx.Dst(), l.rx.Src()))
	case l.acceptCookie(now, ln, nil):
	case syn.Flags.Has(wire.ACK):
		l.refuse(now)
	default: // neither SYN nor ACK is a case that the RFC does not know, and drops
		l.counters.NoConn++
	}
}

// succeed opens the next connection between the same ports if the segment in
// l.rx is a SYN that may end the TIME-WAIT of c, and reports whether it did. A
// server that closes first would else turn away a client that uses a port
// again (RFC 9293, Section 3.6.1).
func (l *loop) succeed(now time.Time, c *Conn) bool {
	if c.machine.State() != handshake.TimeWait {
		return false
	}
	ln := l.listenerFor(c.local)
	if ln == nil || ln.full() || (ln.crowded() || ln.wantsCookie()) && !l.vouched(now, ln) {
		return false
	}
	least, ok := l.supersede(now, c)
	if !ok {
		return false
	}
	iss := l.stack.isn.ISN(now, c.local, c.remote)
	if iss.Less(least) {
		iss = least
	}
	l.accept(now, ln, iss)
	return true
}

// supersede ends c if the SYN in l.rx may; see handshake.Machine.Supersede.
func (l *loop) supersede(now time.Time, c *Conn) (least wire.Seq, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	least, ok, out := c.machine.Supersede(now, l.rx.TCP, l.outputs[:0])
	l.apply(now, c, out)
	return least, ok
}

// accept opens a connection for the SYN in l.rx, with this initial sequence
// number, or answers it by a SYN cookie. A SYN that there is no room for is dropped,
// and will come again; a reset would tell the client that nobody listens.
//
// A SYN with a valid Fast Open cookie is no part of a flood from forged addresses: it
// does not count among those that are half open, and is taken also while they are
// too many. Linux does not look at its cookie then.
func (l *loop) accept(now time.Time, ln *Listener, iss wire.Seq) {
	if ln.overflows(&l.counters) {
		return
	}
	always := ln.config.SynCookies == SynCookiesAlways
	if !always {
		set, _ := l.rx.TCP.Options.Decode()
		admission := l.admit(now, ln, &set)
		if admission.Data || !ln.crowded() {
			l.counters.admitted(&admission, set.FastOpen.Request())
			l.open(now, ln, iss, admission)
			return
		}
	}
	switch {
	case !always && ln.config.SynCookies == SynCookiesOff:
		l.counters.TCPReqQFullDrop++
		l.counters.ListenDrops++
	case !l.mayAnswer():
		l.counters.ListenDrops++
	default:
		l.answerCookie(now, ln)
	}
}

// admit asks the gate about the SYN in l.rx.
func (l *loop) admit(now time.Time, ln *Listener, set *wire.OptionSet) handshake.Admission {
	if err := ln.rotate(now, newKey); err != nil {
		l.log.Warn("endpoint: cookie key is overdue", "error", err)
	}
	return ln.gate.Admit(now, set, len(l.rx.TCP.Payload), l.rx.Src().Addr(), l.rx.Dst().Addr())
}

// vouched reports whether a listener with a full backlog takes the SYN in l.rx all the same.
func (l *loop) vouched(now time.Time, ln *Listener) bool {
	if ln.config.SynCookies == SynCookiesAlways {
		return false
	}
	set, _ := l.rx.TCP.Options.Decode()
	a := l.admit(now, ln, &set)
	if a.Data {
		ln.gate.Confirmed() // it is asked again
	}
	return a.Data
}

// open opens a connection for the SYN in l.rx.
func (l *loop) open(now time.Time, ln *Listener, iss wire.Seq, admission handshake.Admission) {
	local, remote := l.rx.Dst(), l.rx.Src()
	config := l.stack.machineConfig(ln.config.Machine, local, remote, segmentSize(l.stack.mtu, local.Addr()))
	config.ISS = iss
	if ln.config.Handler != nil && admission.Data {
		config.SynAckHold = -1 // until the handler has had its say
	}
	c := l.spares.server(ln, local, remote, &config)
	l.insertServer(now, ln, c)
	c.admitted, c.waiting = admission.Data, !admission.Data
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		ln.halfOpen++
	}
	l.apply(now, c, c.machine.Accept(now, l.rx.TCP, admission, l.outputs[:0]))
	if admission.Data {
		// RFC 7413, Appendix A.2: before the handshake is over.
		l.counters.PassiveOpens++
		ln.announce(c)
		l.handedOver = l.handedOver || c.handled == nil
	}
}

// insertServer makes the connection known that the segment in l.rx opens.
func (l *loop) insertServer(now time.Time, ln *Listener, c *Conn) {
	ln.claim.retain()
	c.ip = ln.config.IPHeader
	c.listener = ln
	if !c.local.Addr().Is4() {
		c.flow = newFlowLabel()
	}
	l.stack.mark(&c.timing.syn, now)
	if patience := ln.config.HandlerTimeout; patience > 0 && c.handled != nil {
		c.handled.patience = l.timers.at(now.Add(patience))
	}
	c.setHeader(l.reversed())
	l.conns.put(c)
}

func newKey() (cookie.Key, error) { return cookie.NewKey(rand.Reader) }

// newFlowLabel returns a random flow label (RFC 6437, Section 3).
func newFlowLabel() uint32 { return mathrand.Uint32() & 0xfffff }

// announce makes Accept return c, or has its handler called. There is room: overflows
// was asked for the segment that this is about. The caller holds c.mu.
func (ln *Listener) announce(c *Conn) {
	if c.handled == nil {
		ln.queue <- c
		return
	}
	c.machine.Accepted()
	c.handled.announced = true
	c.stir()
}

// leaveListener undoes what a connection that has ended counts for.
func (l *loop) leaveListener(now time.Time, c *Conn, err error) {
	if c.admitted {
		c.admitted = false
		c.listener.gate.Gone(now, errors.Is(err, handshake.ErrReset))
	}
	if c.waiting {
		c.waiting = false
		c.listener.halfOpen--
		if errors.Is(err, handshake.ErrUnreachable) {
			l.counters.ListenDrops++
		}
	}
}

// closeListeners closes all of them.
func (l *loop) closeListeners(now time.Time) {
	for _, ln := range l.listeners {
		if l.closeListener(now, ln) {
			l.stack.drop(ln.claim)
		}
	}
}

// closeListener stops a listener and resets its connections that nobody has
// accepted, those opened by SYN data included. It reports false if the listener
// was stopped before; otherwise the caller gives its claim back.
func (l *loop) closeListener(now time.Time, ln *Listener) bool {
	if !ln.stop(net.ErrClosed) {
		return false
	}
	for _, key := range ln.keys {
		delete(l.listeners, key)
	}
	for c := range l.conns.all() {
		if c.listener == ln && c.waiting {
			l.abort(now, c)
		}
	}
	for {
		select {
		case c := <-ln.queue:
			l.abort(now, c)
		default:
			return true
		}
	}
}
