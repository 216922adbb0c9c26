package path

import (
	"net/netip"

	"tfocraft/wire"
)

const (
	// An ICMP error is at most this long, quote included (RFC 1812, Section
	// 4.3.2.3, and RFC 4443, Section 2.4 (c)).
	maxICMPv4Error = 576
	maxICMPv6Error = 1280

	icmpHeaderLen = 8
	icmpv4Echo    = 8
	icmpv6Echo    = 128
)

// tooBig returns the router's answer to a frame that is longer than the MTU, or
// nil if there must be none.
func (d *Direction) tooBig(frame []byte) []byte {
	ethernet, packet, err := wire.ParseEthernet(frame)
	if err != nil || d.cfg.TooBig != TooBigICMP {
		return nil
	}
	e := wire.ICMPError{MTU: uint32(d.cfg.MTU)}
	var to netip.Addr
	var limit int
	switch {
	case ethernet.EtherType == wire.EtherTypeIPv4 && mayAnswer4(packet):
		e.IPVersion, e.Type, e.Code, e.From = 4, wire.ICMPv4Unreachable, codeFragmentationNeeded, d.cfg.Router4
		to = netip.AddrFrom4([4]byte(packet[12:16]))
		limit = maxICMPv4Error - wire.IPv4Len - icmpHeaderLen
	case ethernet.EtherType == wire.EtherTypeIPv6 && mayAnswer6(packet):
		e.IPVersion, e.Type, e.From = 6, wire.ICMPv6TooBig, d.cfg.Router6
		to = netip.AddrFrom16([16]byte(packet[8:24]))
		limit = maxICMPv6Error - wire.IPv6Len - icmpHeaderLen
	default:
		return nil
	}
	back := ethernet.Reversed()
	d.answer = back.Append(d.answer[:0])
	d.answer = wire.AppendICMPError(d.answer, e, to, packet[:min(len(packet), limit)])
	return d.answer
}

// codeFragmentationNeeded is the code of fragmentation needed and DF set (RFC 792).
const codeFragmentationNeeded = 4

// mayAnswer4 reports whether a router tells the sender about this packet: one that
// it may not fragment, that is no later fragment, and no ICMP error itself (RFC
// 1812, Section 4.3.2.7).
func mayAnswer4(packet []byte) bool {
	h, payload, _, err := wire.ParseIPv4(packet)
	if err != nil || h.Flags&wire.IPv4DontFragment == 0 || h.FragmentOffset != 0 || h.Dst.IsMulticast() {
		return false
	}
	return h.Protocol != wire.ProtocolICMP || len(payload) > 0 && payload[0] == icmpv4Echo
}

// mayAnswer6 is mayAnswer4 for IPv6 (RFC 4443, Section 2.4 (e)), where nobody on
// the way fragments.
func mayAnswer6(packet []byte) bool {
	h, payload, _, err := wire.ParseIPv6(packet)
	if err != nil {
		return false
	}
	return h.Upper != wire.ProtocolICMPv6 || len(payload) > 0 && payload[0] >= icmpv6Echo
}
