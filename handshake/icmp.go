package handshake

import (
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// The smallest path MTU that is believed (RFC 1191, Section 3, as Linux rounds
// it; RFC 8200, Section 5), less IP and TCP headers.
const (
	minPathMSS4 = 552 - 40
	minPathMSS6 = 1280 - 60
)

// ICMP takes an ICMP error that quotes a segment of this connection. One whose
// quoted sequence number is not outstanding is forged or late and changes
// nothing (RFC 5927, Section 4.1).
func (m *Machine) ICMP(now time.Time, e wire.ICMPError, out []Output) []Output {
	m.scratch = m.scratch[:0]
	if m.state == Closed || e.Seq.Less(m.send.una) || !e.Seq.Less(m.send.max) {
		return out
	}
	switch {
	case e.PacketTooBig():
		return m.packetTooBig(now, e, out)
	case e.Hard() && m.state == SynSent:
		return m.failSyn(cookie.ICMPError, WhyICMP, ErrUnreachable, out)
	case m.state == SynSent && m.triedFastOpen() && !m.handshake.unreachable:
		// The SYN may still get through, the next one goes without Fast Open all
		// the same (RFC 7413, Section 4.1.3.1).
		m.handshake.unreachable = true
		return append(out, Output{Kind: Block, Reason: cookie.ICMPError})
	}
	// RFC 5461 and RFC 9293, Section 3.9.2.2: anything else does not end a
	// connection that stands.
	return out
}

// packetTooBig lowers the segment size and sends again at once what did not fit
// (RFC 1191, Section 6.4). A SYN goes again plain, like after a timeout.
func (m *Machine) packetTooBig(now time.Time, e wire.ICMPError, out []Output) []Output {
	headers, floor := 40, minPathMSS4
	if m.config.IPv6 {
		headers, floor = 60, minPathMSS6
	}
	mss := max(int(e.MTU)-headers, floor)
	if mss >= m.handshake.pathMSS {
		return out
	}
	m.handshake.pathMSS, m.handshake.pathLowered = mss, now
	switch {
	case m.state == SynSent && m.handshake.synData > 0 && !m.handshake.plain:
		m.settle(Fallback, WhyPacketTooBig)
		return m.resendSyn(now, out)
	case m.maySend() && m.send.inFlight() > 0:
		m.info.Retransmits++
		m.send.rewind()
		m.send.timing = false
		return m.flush(now, out)
	}
	return out
}

// pathRetryAfter is when a larger segment is tried again on a path that was
// said to be narrow (RFC 1191, Section 6.3; RFC 8201, Section 4).
const pathRetryAfter = 10 * time.Minute

func (m *Machine) retryPath(now time.Time) {
	h := &m.handshake
	if !h.pathLowered.IsZero() && now.Sub(h.pathLowered) >= pathRetryAfter {
		h.pathMSS, h.pathLowered = m.config.MSS, time.Time{}
	}
}
