package wire

import (
	"encoding/binary"
	"net/netip"
)

// IPv4Len is the length of an IPv4 header without options, in bytes.
const IPv4Len = 20

// IP protocol numbers.
const (
	ProtocolICMP   = 1
	ProtocolTCP    = 6
	ProtocolICMPv6 = 58
)

// The IPv4 flag bits in [IPv4.Flags]; the highest of the three is reserved.
const (
	IPv4MoreFragments = 1 << 0
	IPv4DontFragment  = 1 << 1
)

// IPv4 is an IPv4 header with its fields as they are on the wire (RFC 791).
type IPv4 struct {
	Version        uint8 // 4 bits
	IHL            uint8 // header length in 32-bit words, 4 bits
	TOS            uint8
	TotalLength    uint16
	ID             uint16
	Flags          uint8  // 3 bits
	FragmentOffset uint16 // in units of 8 bytes, 13 bits
	TTL            uint8
	Protocol       uint8
	Checksum       uint16
	Src, Dst       netip.Addr // IPv4 addresses, not mapped ones
	Options        []byte     // as on the wire, padding included
}

// ParseIPv4 reads a header and splits what follows it into the payload that
// the total length covers and the trailer behind (Ethernet padding). Both, and
// the options, alias b.
func ParseIPv4(b []byte) (h IPv4, payload, trailer []byte, err error) {
	if len(b) < IPv4Len {
		return h, nil, nil, parseErr("ipv4", len(b), ErrTruncated)
	}
	h.Version, h.IHL = b[0]>>4, b[0]&15
	h.TOS = b[1]
	h.TotalLength = binary.BigEndian.Uint16(b[2:])
	h.ID = binary.BigEndian.Uint16(b[4:])
	fragment := binary.BigEndian.Uint16(b[6:])
	h.Flags, h.FragmentOffset = uint8(fragment>>13), fragment&0x1fff
	h.TTL, h.Protocol = b[8], b[9]
	h.Checksum = binary.BigEndian.Uint16(b[10:])
	h.Src = netip.AddrFrom4([4]byte(b[12:16]))
	h.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	header, total := int(h.IHL)*4, int(h.TotalLength)
	switch {
	case h.Version != 4:
		return h, nil, nil, parseErr("ipv4", 0, ErrVersion)
	case header < IPv4Len:
		return h, nil, nil, parseErr("ipv4", 0, ErrHeaderLength)
	case total < header:
		return h, nil, nil, parseErr("ipv4", 2, ErrTotalLength)
	case total > len(b):
		return h, nil, nil, parseErr("ipv4", 2, ErrTruncated)
	}
	h.Options = b[IPv4Len:header:header]
	return h, b[header:total:total], b[total:], nil
}

// IsFragment reports whether the packet is a piece of a larger one.
func (h *IPv4) IsFragment() bool {
	return h.Flags&IPv4MoreFragments != 0 || h.FragmentOffset != 0
}

// WireLen returns the number of bytes that Append adds.
func (h *IPv4) WireLen() int { return IPv4Len + len(h.Options) }

// Append adds the header to dst exactly as its fields say.
func (h *IPv4) Append(dst []byte) []byte {
	dst = append(dst, h.Version<<4|h.IHL&15, h.TOS)
	dst = binary.BigEndian.AppendUint16(dst, h.TotalLength)
	dst = binary.BigEndian.AppendUint16(dst, h.ID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Flags)<<13|h.FragmentOffset&0x1fff)
	dst = append(dst, h.TTL, h.Protocol)
	dst = binary.BigEndian.AppendUint16(dst, h.Checksum)
	src, dstAddr := h.Src.As4(), h.Dst.As4()
	dst = append(dst, src[:]...)
	dst = append(dst, dstAddr[:]...)
	return append(dst, h.Options...)
}

// ComputeChecksum returns the header checksum that belongs here; the one that
// is set is not looked at.
func (h *IPv4) ComputeChecksum() uint16 {
	var scratch [60]byte
	bare := *h
	bare.Checksum = 0
	return Sum(0).Add(bare.Append(scratch[:0])).Checksum()
}
