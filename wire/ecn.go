package wire

// ECN is the field of that name in an IP header, the two low bits of the type of
// service or traffic class.
type ECN uint8

// The codepoints of RFC 3168, Section 5.
const (
	NotECT ECN = iota // whoever is congested can only drop the packet
	ECT1              // it may be marked instead
	ECT0              // the same
	CE                // it was marked
)

const ecnMask = 3

// ECN returns the ECN field of the IP header.
func (p *Packet) ECN() ECN {
	if p.IPVersion == 6 {
		return ECN(p.IPv6.TrafficClass & ecnMask)
	}
	return ECN(p.IPv4.TOS & ecnMask)
}

// SetECN sets the ECN field of the IP header.
func (p *Packet) SetECN(e ECN) {
	field := &p.IPv4.TOS
	if p.IPVersion == 6 {
		field = &p.IPv6.TrafficClass
	}
	*field = *field&^ecnMask | uint8(e)&ecnMask
}
