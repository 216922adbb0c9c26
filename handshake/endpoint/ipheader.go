package endpoint

import (
	"time"

	"tfocraft/wire"
)

// An IPHeader is what a connection has in the IP header of its packets.
type IPHeader struct {
	// TOS is the traffic class without the two bits of ECN, which are the
	// connection's own (IP_TOS and IPV6_TCLASS in Linux).
	TOS uint8
	TTL uint8 // or hop limit; 0 means 64
}

// ecnMask are the bits of a traffic class that say what RFC 3168 does.
const ecnMask = 3

func (h IPHeader) set(p *wire.Packet) {
	p.IPv4.TOS, p.IPv6.TrafficClass = h.TOS&^ecnMask, h.TOS&^ecnMask
	if h.TTL != 0 {
		p.IPv4.TTL, p.IPv6.HopLimit = h.TTL, h.TTL
	}
}

// SetIPHeader changes what Dialer.IPHeader or ListenConfig.IPHeader have begun with,
// for the packets that are sent from now on.
func (c *Conn) SetIPHeader(h IPHeader) error {
	return c.set(func(time.Time) { c.ip = h })
}
