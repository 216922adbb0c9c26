package handshake

import (
	"tfocraft/cookie"
	"tfocraft/wire"
)

// The smallest path MTU that is believed (RFC 1191, Section 3, as Linux rounds
// it; RFC 8200, Section 5), less IP and TCP headers.
const (
	minPathMSS4 = 552 - 40
	minPathMSS6 = 1280 - 60
)

// inputICMP takes an ICMP error. See ICMP.
func (m *Machine) inputICMP(now instant, e *wire.ICMPError, out []Output) []Output {
	switch {
	case m.state == Closed || meaningless(e):
		return out
	case e.Seq.Less(m.send.una) || !e.Seq.Less(m.send.nxt):
		return append(out, Output{Kind: Drop, Why: DropICMP})
	case e.PacketTooBig():
		return m.packetTooBig(now, e, out)
	case m.state == SynSent && (e.Hard() || m.config.SoftErrorsEndOpen):
		return m.failSyn(cookie.ICMPError, WhyICMP, unreachable(e), out)
	case m.state == SynSent && m.triedFastOpen() && !m.handshake.unreachable:
		// The SYN may still get through, the next one goes without Fast Open all
		// the same (RFC 7413, Section 4.1.3.1).
		m.remember(e)
		return append(out, Output{Kind: Block, Reason: cookie.ICMPError})
	}
	if m.state == SynReceived && m.endsSynReceived(e) {
		return m.end(unreachable(e), out)
	}
	// RFC 5461 and RFC 9293, Section 3.9.2.2: anything else does not end a
	// connection that stands.
	if m.state.Synchronized() || m.state == SynReceived && m.handshake.accepted {
		m.remember(e)
	}
	return out
}

// meaningless reports whether an error says nothing about a peer: those of IPv4
// with a code that RFC 1812 does not have, and that the peer lacked a fragment.
func meaningless(e *wire.ICMPError) bool {
	if e.IPVersion == 6 {
		return false
	}
	return e.Type == wire.ICMPv4Unreachable && e.Code > lastUnreachable4 || e.Type == wire.ICMPv4TimeExceeded && e.Code != 0
}

// The last codes of destination unreachable: precedence cutoff (RFC 1812, Section
// 5.2.7.1), and reject route (RFC 4443, Section 3.1).
const (
	lastUnreachable4 = 15
	lastUnreachable6 = 6
)

// endsSynReceived reports whether an error ends a handshake that waits for the ACK
// of a SYN-ACK.
func (m *Machine) endsSynReceived(e *wire.ICMPError) bool {
	if m.active {
		return m.config.SoftErrorsEndOpen
	}
	return m.handshake.synAckSent && m.endsHalfOpen(e)
}

// endsHalfOpen reports whether an error ends a connection that nobody has accepted
// yet, as in Linux. What Fast Open has brought can still be read, and the error
// follows; of another nobody has heard, and it is forgotten.
func (m *Machine) endsHalfOpen(e *wire.ICMPError) bool {
	if m.handshake.fastOpened {
		return !m.handshake.accepted
	}
	if e.IPVersion == 6 {
		return e.Hard() || e.Type == wire.ICMPv6Parameter || e.Type == wire.ICMPv6Unreachable && e.Code > lastUnreachable6
	}
	network, host := uint8(0), uint8(1)
	return e.Type != wire.ICMPv4Unreachable || e.Code == network || e.Code == host
}

// packetTooBig lowers the segment size and sends again at once what did not fit
// (RFC 1191, Section 6.4). A SYN goes again plain, like after a timeout.
func (m *Machine) packetTooBig(now instant, e *wire.ICMPError, out []Output) []Output {
	headers, floor := 40, minPathMSS4
	if m.config.IPv6 {
		headers, floor = 60, minPathMSS6
	}
	mss := max(int(e.MTU)-headers, floor)
	if mss >= m.handshake.pathMSS {
		return out
	}
	again := now.Sub(m.handshake.pathLowered) < m.rtt.srtt
	m.handshake.pathMSS, m.handshake.pathLowered = mss, now
	m.path = nil
	switch {
	case m.state == SynSent && m.handshake.synData > 0 && !m.handshake.plain:
		m.settle(Fallback, WhyPacketTooBig)
		return m.resendSyn(now, out)
	case again:
		// What was sent for the error before is on its way. One error after the
		// other must not make us send the same data as often.
	case m.maySend() && m.send.inFlight() > 0:
		m.send.board.loseLarger(m.segmentSize())
		m.recovery.repairTooBig(&m.send)
		return m.flush(now, out)
	}
	return out
}

// repairTooBig begins the repair of what was too big, if there is any. It is not
// congestion that has lost it, so that the window stays as it is, and until it has arrived
// duplicate ACKs are for what was sent behind it. As in Linux it is repaired like what a
// timeout takes for lost.
func (r *recovery) repairTooBig(s *sender) {
	if s.board.lost == 0 || r.phase == phaseLoss {
		return
	}
	*r = recovery{phase: phaseLoss, point: s.nxt, undo: undo{nothing: true, again: notReported}}
}
