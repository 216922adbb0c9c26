package path

import (
	"net/netip"
	"time"

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

// answerTooBig has the router at the near end of a way tell the sender about a frame that is longer than the MTU, at once,
// if it is to know.
func (p *Path) answerTooBig(now time.Time, d *direction, frame []byte) {
	answer := d.tooBig(p.buffers.get(), frame)
	if len(answer) == 0 {
		return
	}
	back := p.direction(d.to())
	back.counters.Made++
	t := p.depart(now, Middle, d.from, answer)
	p.buffers.put(answer)
	if t.log != nil {
		t.log.MadeBy = "router"
	}
	t.at = now
	back.heldUp.push(t) // not behind what is under way
}

// tooBig returns the router's answer to a frame that is longer than the MTU, in buf; nothing if there must be none.
func (d *direction) tooBig(buf, frame []byte) []byte {
	ethernet, packet, err := wire.ParseEthernet(frame)
	if err != nil || d.way.TooBig != TooBigICMP {
		return nil
	}
	e := wire.ICMPError{MTU: uint32(d.way.MTU)}
	var to netip.Addr
	var limit int
	switch {
	case ethernet.EtherType == wire.EtherTypeIPv4 && mayAnswer4(packet):
		e.IPVersion, e.Type, e.Code, e.From = 4, wire.ICMPv4Unreachable, codeFragmentationNeeded, d.way.Router4
		to = netip.AddrFrom4([4]byte(packet[12:16]))
		limit = maxICMPv4Error - wire.IPv4Len - icmpHeaderLen
	case ethernet.EtherType == wire.EtherTypeIPv6 && mayAnswer6(packet):
		e.IPVersion, e.Type, e.From = 6, wire.ICMPv6TooBig, d.way.Router6
		to = netip.AddrFrom16([16]byte(packet[8:24]))
		limit = maxICMPv6Error - wire.IPv6Len - icmpHeaderLen
	default:
		return nil
	}
	back := ethernet.Reversed()
	return wire.AppendICMPError(back.Append(buf), e, to, packet[:min(len(packet), limit)])
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
