package socket

import "tfocraft/handshake/endpoint"

// firstTTL is net.ipv4.ip_default_ttl, and the hop limit of IPv6.
const firstTTL = 64

// ecnMask are the bits of a traffic class that a program of TCP cannot set.
const ecnMask = 3

// keepTOS is what ip_setsockopt keeps of a TOS: a byte, without the bits of ECN.
func keepTOS(_ *socket, n int) int { return n & 255 &^ ecnMask }

// keepClass is the same of a traffic class of IPv6; -1 is the default.
func keepClass(_ *socket, n int) int { return max(n, 0) &^ ecnMask }

// keepTTL is what is kept of a TTL; -1 is the default.
func keepTTL(_ *socket, n int) int {
	if n < 0 {
		return firstTTL
	}
	return n
}

// ipHeader is what the options of the family make of the headers of packets.
func (s *socket) ipHeader() endpoint.IPHeader {
	tos, ttl := optionName{SOL_IP, IP_TOS}, optionName{SOL_IP, IP_TTL}
	if s.host.config.Local.Is6() {
		tos, ttl = optionName{SOL_IPV6, IPV6_TCLASS}, optionName{SOL_IPV6, IPV6_UNICAST_HOPS}
	}
	return endpoint.IPHeader{TOS: uint8(s.options.values[tos]), TTL: uint8(s.options.values[ttl])}
}

func changeIPHeader(s *socket, _ int) Errno {
	if s.options.get(SOL_IP, IP_TTL) == 0 && s.options.has(SOL_IP, IP_TTL) {
		return EINVAL
	}
	if s.listener != nil {
		_ = s.listener.SetIPHeader(s.ipHeader()) // an error means that it is closed
	}
	return s.onConn(func() error { return s.conn.SetIPHeader(s.ipHeader()) })
}
