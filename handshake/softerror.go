package handshake

import "tfocraft/wire"

// An ICMP error that ends nothing is remembered, and says why if nothing else comes:
// an acknowledgement makes it forgotten. So it is in Linux (sk_err_soft).

// SoftError returns the ICMP error that has come about what is in flight and ended
// nothing, and forgets it; nil if there is none (RFC 9293, Section 3.9.2.2). If the
// peer stays silent the connection ends with it.
func (m *Machine) SoftError() error {
	if !m.handshake.unreachable || !m.state.Synchronized() {
		return nil
	}
	m.handshake.unreachable = false
	return m.rememberedICMP()
}

func (m *Machine) remember(e *wire.ICMPError) {
	m.handshake.unreachable = true
	m.handshake.icmpType, m.handshake.icmpCode = e.Type, e.Code
}

func (m *Machine) rememberedICMP() error {
	e := wire.ICMPError{IPVersion: 4, Type: m.handshake.icmpType, Code: m.handshake.icmpCode}
	if m.config.IPv6 {
		e.IPVersion = 6
	}
	return unreachable(&e)
}

func unreachable(e *wire.ICMPError) error {
	return &UnreachableError{IPVersion: e.IPVersion, Type: e.Type, Code: e.Code}
}

// timedOut ends a connection whose peer has not answered for too long.
func (m *Machine) timedOut(out []Output) []Output {
	if m.handshake.unreachable {
		return m.end(m.rememberedICMP(), out)
	}
	return m.end(ErrTimeout, out)
}
