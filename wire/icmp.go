package wire

import (
	"encoding/binary"
	"net/netip"
)

// The ICMP messages that report an error (RFC 792).
const (
	ICMPv4Unreachable  = 3
	ICMPv4TimeExceeded = 11
	ICMPv4Parameter    = 12
)

// The ICMPv6 messages that report an error (RFC 4443).
const (
	ICMPv6Unreachable  = 1
	ICMPv6TooBig       = 2
	ICMPv6TimeExceeded = 3
	ICMPv6Parameter    = 4
)

// codeFragmentationNeeded is the code of an ICMPv4Unreachable message that
// tells an MTU (RFC 1191).
const codeFragmentationNeeded = 4

// icmpHeaderLen is the length of an ICMP error before the quoted packet.
const icmpHeaderLen = 8

// quotedLen is how much of a TCP header a quote must hold: ports and sequence
// number, which is what RFC 792 promises.
const quotedLen = 8

// An ICMPError is an ICMP or ICMPv6 error about a TCP segment. Anybody can
// send one: the quoted segment is to be matched against what is in flight
// (RFC 5927, Section 4).
type ICMPError struct {
	IPVersion  uint8 // 4 or 6: which numbers Type and Code follow
	Type, Code uint8
	MTU        uint32     // of the next hop, 0 if not told; meaningful if PacketTooBig
	From       netip.Addr // who sent the error
	Src, Dst   netip.AddrPort
	Seq        Seq // of the quoted segment, which went from Src to Dst
}

// ParseICMPError reads a bare IP packet with an ICMP error that quotes a TCP
// segment, of which eight bytes are enough. Other ICMP messages are
// ErrNotICMP, quotes of other protocols ErrNotTCP. The checksums of the IPv4
// header and of ICMP must be right, those in the quote are not looked at.
func ParseICMPError(b []byte) (ICMPError, error) {
	var e ICMPError
	if len(b) == 0 {
		return e, parseErr("ip", 0, ErrTruncated)
	}
	e.IPVersion = b[0] >> 4
	switch e.IPVersion {
	case 4:
		err := e.parse4(b)
		return e, err
	case 6:
		err := e.parse6(b)
		return e, err
	}
	return e, parseErr("ip", 0, ErrVersion)
}

// ParseICMPFrame is ParseICMPError for an Ethernet frame.
func ParseICMPFrame(b []byte) (ICMPError, error) {
	ethernet, rest, err := ParseEthernet(b)
	if err != nil {
		return ICMPError{}, err
	}
	if t := ethernet.EtherType; t != EtherTypeIPv4 && t != EtherTypeIPv6 {
		return ICMPError{}, parseErr("ethernet", ethernet.WireLen()-2, ErrNotIP)
	}
	return ParseICMPError(rest)
}

func (e *ICMPError) parse4(b []byte) error {
	h, message, _, err := ParseIPv4(b)
	if err != nil {
		return err
	}
	e.From = h.Src
	switch {
	case h.IsFragment():
		return parseErr("ipv4", 6, ErrFragment)
	case h.Protocol != ProtocolICMP:
		return parseErr("ipv4", 9, ErrNotICMP)
	case !sameChecksum(h.Checksum, h.ComputeChecksum()):
		return parseErr("ipv4", 10, ErrChecksum) // RFC 1122, Section 3.2.1.2
	}
	quote, err := e.parseMessage(message, 0)
	if err != nil {
		return err
	}
	switch e.Type {
	case ICMPv4Unreachable, ICMPv4TimeExceeded, ICMPv4Parameter:
	default:
		return parseErr("icmp", 0, ErrNotICMP)
	}
	if e.PacketTooBig() {
		e.MTU = uint32(binary.BigEndian.Uint16(message[6:]))
	}
	return e.parseQuote4(quote)
}

func (e *ICMPError) parse6(b []byte) error {
	h, message, _, err := ParseIPv6(b)
	if err != nil {
		return err
	}
	e.From = h.Src
	switch {
	case h.Fragment:
		return parseErr("ipv6", IPv6Len, ErrFragment)
	case h.Upper != ProtocolICMPv6:
		return parseErr("ipv6", 6, ErrNotICMP)
	}
	quote, err := e.parseMessage(message, PseudoHeader(h.Src, h.Dst, ProtocolICMPv6, len(message)))
	if err != nil {
		return err
	}
	switch e.Type {
	case ICMPv6Unreachable, ICMPv6TooBig, ICMPv6TimeExceeded, ICMPv6Parameter:
	default:
		return parseErr("icmp", 0, ErrNotICMP)
	}
	if e.PacketTooBig() {
		e.MTU = binary.BigEndian.Uint32(message[4:])
	}
	return e.parseQuote6(quote)
}

// parseMessage reads what both families have in common and returns the quoted
// packet. The sum is that of the pseudo-header, which only ICMPv6 has.
func (e *ICMPError) parseMessage(b []byte, sum Sum) ([]byte, error) {
	if len(b) < icmpHeaderLen {
		return nil, parseErr("icmp", len(b), ErrTruncated)
	}
	e.Type, e.Code = b[0], b[1]
	if sum.Add(b).Checksum() != 0 {
		return nil, parseErr("icmp", 2, ErrChecksum)
	}
	return b[icmpHeaderLen:], nil
}

// parseQuote4 reads a packet that may be cut after its first bytes, so its
// total length is not believed.
func (e *ICMPError) parseQuote4(b []byte) error {
	if len(b) < IPv4Len {
		return parseErr("icmp", icmpHeaderLen+len(b), ErrTruncated)
	}
	header := int(b[0]&15) * 4
	switch {
	case b[0]>>4 != 4:
		return parseErr("icmp", icmpHeaderLen, ErrVersion)
	case header < IPv4Len:
		return parseErr("icmp", icmpHeaderLen, ErrHeaderLength)
	case binary.BigEndian.Uint16(b[6:])&0x1fff != 0:
		return parseErr("icmp", icmpHeaderLen+6, ErrFragment)
	case b[9] != ProtocolTCP:
		return parseErr("icmp", icmpHeaderLen+9, ErrNotTCP)
	}
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return e.parseQuotedTCP(b, header, src, dst)
}

func (e *ICMPError) parseQuote6(b []byte) error {
	if len(b) < IPv6Len {
		return parseErr("icmp", icmpHeaderLen+len(b), ErrTruncated)
	}
	if b[0]>>4 != 6 {
		return parseErr("icmp", icmpHeaderLen, ErrVersion)
	}
	quoted := IPv6{NextHeader: b[6]}
	n, err := quoted.walkExtensions(b[IPv6Len:])
	switch {
	case err != nil:
		return parseErr("icmp", icmpHeaderLen+IPv6Len, ErrTruncated)
	case quoted.Fragment:
		return parseErr("icmp", icmpHeaderLen+IPv6Len, ErrFragment)
	case quoted.Upper != ProtocolTCP:
		return parseErr("icmp", icmpHeaderLen+6, ErrNotTCP)
	}
	src, dst := netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	return e.parseQuotedTCP(b, IPv6Len+n, src, dst)
}

func (e *ICMPError) parseQuotedTCP(b []byte, at int, src, dst netip.Addr) error {
	if len(b) < at+quotedLen {
		return parseErr("icmp", icmpHeaderLen+len(b), ErrTruncated)
	}
	e.Src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(b[at:]))
	e.Dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[at+2:]))
	e.Seq = Seq(binary.BigEndian.Uint32(b[at+4:]))
	return nil
}

// Hard reports whether the error says that the peer cannot be talked to at
// all and so ends a connection attempt: protocol or port unreachable
// (RFC 1122, Section 4.2.3.9), for ICMPv6 port unreachable or prohibited by an
// administrator (RFC 5461), which has two codes more (RFC 4443, Section 3.1: 5 and
// 6 are subsets of 1). Networks and hosts that cannot be reached,
// exceeded hop limits and the like may pass; a packet that is too big is
// PacketTooBig and not hard, for its sender can shrink it.
func (e *ICMPError) Hard() bool {
	if e.IPVersion == 6 {
		return e.Type == ICMPv6Unreachable && (e.Code == 1 || e.Code >= 4 && e.Code <= 6)
	}
	return e.Type == ICMPv4Unreachable && (e.Code == 2 || e.Code == 3)
}

// PacketTooBig reports whether the quoted packet did not fit the next hop:
// fragmentation needed (RFC 1191) or packet too big (RFC 8201).
func (e *ICMPError) PacketTooBig() bool {
	if e.IPVersion == 6 {
		return e.Type == ICMPv6TooBig
	}
	return e.Type == ICMPv4Unreachable && e.Code == codeFragmentationNeeded
}

// AppendICMPError adds a bare IP packet to dst that carries e to a host: from
// e.From, with e's type, code and MTU, lengths and checksums right. The quoted
// packet is put in as it is; Src, Dst and Seq of e are not looked at. Both
// addresses must be of the family that e.IPVersion tells.
func AppendICMPError(dst []byte, e ICMPError, to netip.Addr, quoted []byte) []byte {
	length := icmpHeaderLen + len(quoted)
	protocol, sum := uint8(ProtocolICMP), Sum(0)
	if e.IPVersion == 6 {
		protocol, sum = ProtocolICMPv6, PseudoHeader(e.From, to, ProtocolICMPv6, length)
		h := IPv6{Version: 6, PayloadLength: uint16(length), NextHeader: protocol, HopLimit: 64, Src: e.From, Dst: to}
		dst = h.Append(dst)
	} else {
		h := IPv4{Version: 4, IHL: 5, TotalLength: uint16(IPv4Len + length), TTL: 64, Protocol: protocol, Src: e.From, Dst: to}
		h.Checksum = h.ComputeChecksum()
		dst = h.Append(dst)
	}
	start := len(dst)
	dst = append(dst, e.Type, e.Code, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, e.MTU) // ICMPv4: 16 bits unused, 16 bits MTU
	dst = append(dst, quoted...)
	binary.BigEndian.PutUint16(dst[start+2:], sum.Add(dst[start:]).Checksum())
	return dst
}
