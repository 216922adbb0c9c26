package wire

import "net/netip"

// A Packet is one IP packet that holds a TCP segment, with the link-layer
// header in front if it came with one, and every field as it is on the wire.
type Packet struct {
	HasEthernet bool
	Ethernet    Ethernet
	IPVersion   uint8 // 4 or 6: which of the two headers counts
	IPv4        IPv4
	IPv6        IPv6
	TCP         Segment
	Trailer     []byte // what follows the IP packet: Ethernet padding
}

// ParseFrame reads an Ethernet frame that holds TCP over IPv4 or IPv6. What it
// returns aliases b. On an error the layers before the failing one are set.
func ParseFrame(b []byte) (Packet, error) {
	var p Packet
	err := p.parseFrame(b)
	return p, err
}

// ParsePacket reads a bare IP packet that holds TCP. What it returns aliases b.
func ParsePacket(b []byte) (Packet, error) {
	var p Packet
	err := p.parseIP(b)
	return p, err
}

func (p *Packet) parseFrame(b []byte) error {
	ethernet, rest, err := ParseEthernet(b)
	p.HasEthernet, p.Ethernet = true, ethernet
	if err != nil {
		return err
	}
	if t := ethernet.EtherType; t != EtherTypeIPv4 && t != EtherTypeIPv6 {
		return parseErr("ethernet", ethernet.WireLen()-2, ErrNotIP)
	}
	return p.parseIP(rest)
}

func (p *Packet) parseIP(b []byte) error {
	if len(b) == 0 {
		return parseErr("ip", 0, ErrTruncated)
	}
	p.IPVersion = b[0] >> 4
	switch p.IPVersion {
	case 4:
		return p.parse4(b)
	case 6:
		return p.parse6(b)
	}
	return parseErr("ip", 0, ErrVersion)
}

func (p *Packet) parse4(b []byte) (err error) {
	var payload []byte
	if p.IPv4, payload, p.Trailer, err = ParseIPv4(b); err != nil {
		return err
	}
	if p.IPv4.IsFragment() {
		return parseErr("ipv4", 6, ErrFragment)
	}
	if p.IPv4.Protocol != ProtocolTCP {
		return parseErr("ipv4", 9, ErrNotTCP)
	}
	p.TCP, err = ParseSegment(payload)
	return err
}

func (p *Packet) parse6(b []byte) (err error) {
	var payload []byte
	if p.IPv6, payload, p.Trailer, err = ParseIPv6(b); err != nil {
		return err
	}
	if p.IPv6.Fragment {
		return parseErr("ipv6", IPv6Len, ErrFragment)
	}
	if p.IPv6.Upper != ProtocolTCP {
		return parseErr("ipv6", 6, ErrNotTCP)
	}
	p.TCP, err = ParseSegment(payload)
	return err
}

// NewPacket returns a packet that carries s from src to dst with the defaults
// of a Linux sender: TTL or hop limit 64, don't fragment. The ports of s are
// set; lengths and checksums are not: see SetLengths and SetChecksums. Both
// addresses must be of one family.
func NewPacket(src, dst netip.AddrPort, s Segment) Packet {
	p := Packet{IPVersion: 4, TCP: s}
	p.TCP.SrcPort, p.TCP.DstPort = src.Port(), dst.Port()
	if src.Addr().Is4() {
		p.IPv4 = IPv4{Version: 4, IHL: 5, Flags: IPv4DontFragment, TTL: 64, Protocol: ProtocolTCP, Src: src.Addr(), Dst: dst.Addr()}
		return p
	}
	p.IPVersion = 6
	p.IPv6 = IPv6{Version: 6, NextHeader: ProtocolTCP, Upper: ProtocolTCP, HopLimit: 64, Src: src.Addr(), Dst: dst.Addr()}
	return p
}

// Addrs returns the source and destination address of the IP header.
func (p *Packet) Addrs() (src, dst netip.Addr) {
	if p.IPVersion == 6 {
		return p.IPv6.Src, p.IPv6.Dst
	}
	return p.IPv4.Src, p.IPv4.Dst
}

// Src returns the address and port that the packet comes from.
func (p *Packet) Src() netip.AddrPort {
	src, _ := p.Addrs()
	return netip.AddrPortFrom(src, p.TCP.SrcPort)
}

// Dst returns the address and port that the packet goes to.
func (p *Packet) Dst() netip.AddrPort {
	_, dst := p.Addrs()
	return netip.AddrPortFrom(dst, p.TCP.DstPort)
}

// SetLengths fills in the data offset, the header length and the total or
// payload length from what the packet holds. What is longer than a field can
// tell wraps; a [Template] refuses it.
func (p *Packet) SetLengths() {
	p.TCP.SetDataOffset()
	if p.IPVersion == 6 {
		p.IPv6.PayloadLength = uint16(len(p.IPv6.Extensions) + p.TCP.WireLen())
		return
	}
	p.IPv4.IHL = uint8(p.IPv4.WireLen() / 4)
	p.IPv4.TotalLength = uint16(p.IPv4.WireLen() + p.TCP.WireLen())
}

// SetChecksums fills in the TCP checksum and, for IPv4, the header checksum.
// It comes after everything that they cover, lengths included.
func (p *Packet) SetChecksums() {
	p.TCP.Checksum = p.TCP.ComputeChecksum(p.Addrs())
	if p.IPVersion == 4 {
		p.IPv4.Checksum = p.IPv4.ComputeChecksum()
	}
}

// SetPartialChecksums is SetChecksums for a packet whose TCP checksum somebody
// else finishes: its field gets the folded sum of the pseudo-header alone.
func (p *Packet) SetPartialChecksums() {
	src, dst := p.Addrs()
	p.TCP.Checksum = PseudoHeader(src, dst, ProtocolTCP, p.TCP.WireLen()).Fold()
	if p.IPVersion == 4 {
		p.IPv4.Checksum = p.IPv4.ComputeChecksum()
	}
}

// ChecksumsOK reports whether the TCP checksum and, for IPv4, the header
// checksum are right. A frame that a kernel on the same machine has sent may
// carry an unfinished TCP checksum; its link knows (see package link).
func (p *Packet) ChecksumsOK() bool {
	if p.IPVersion == 4 && !sameChecksum(p.IPv4.Checksum, p.IPv4.ComputeChecksum()) {
		return false
	}
	return sameChecksum(p.TCP.Checksum, p.TCP.ComputeChecksum(p.Addrs()))
}

// WireLen returns the number of bytes that Append adds.
func (p *Packet) WireLen() int {
	n := p.TCP.WireLen() + len(p.Trailer)
	if p.HasEthernet {
		n += p.Ethernet.WireLen()
	}
	if p.IPVersion == 6 {
		return n + p.IPv6.WireLen()
	}
	return n + p.IPv4.WireLen()
}

// Append adds the packet to dst exactly as its fields say, with the Ethernet
// header if it has one.
func (p *Packet) Append(dst []byte) []byte {
	if p.HasEthernet {
		dst = p.Ethernet.Append(dst)
	}
	if p.IPVersion == 6 {
		dst = p.IPv6.Append(dst)
	} else {
		dst = p.IPv4.Append(dst)
	}
	dst = p.TCP.Append(dst)
	return append(dst, p.Trailer...)
}
