package wire

import (
	"encoding/binary"
	"net/netip"
)

// IPv6Len is the length of an IPv6 header without extensions, in bytes.
const IPv6Len = 40

// The extension headers that can be followed (RFC 8200, Section 4, and
// RFC 4302 for the authentication header).
const (
	extHopByHop       = 0
	extRouting        = 43
	extFragment       = 44
	extAuthentication = 51
	extDestination    = 60
	extMobility       = 135
	extHIP            = 139
	extShim6          = 140
)

// IPv6 is an IPv6 header with its fields as they are on the wire (RFC 8200).
type IPv6 struct {
	Version       uint8 // 4 bits
	TrafficClass  uint8
	FlowLabel     uint32 // 20 bits
	PayloadLength uint16
	NextHeader    uint8 // of the fixed header: the first extension's, if any
	HopLimit      uint8
	Src, Dst      netip.Addr // without zones
	Extensions    []byte     // all extension headers as they are on the wire
	Upper         uint8      // what follows the extensions; NextHeader if there are none
	Fragment      bool       // a fragment header says that this is a piece
}

// ParseIPv6 reads a header with its extension headers and splits what follows
// into the payload that the payload length covers and the trailer behind it
// (Ethernet padding). All of it aliases b.
func ParseIPv6(b []byte) (h IPv6, payload, trailer []byte, err error) {
	if len(b) < IPv6Len {
		return h, nil, nil, parseErr("ipv6", len(b), ErrTruncated)
	}
	first := binary.BigEndian.Uint32(b)
	h.Version = uint8(first >> 28)
	h.TrafficClass = uint8(first >> 20)
	h.FlowLabel = first & 0xfffff
	h.PayloadLength = binary.BigEndian.Uint16(b[4:])
	h.NextHeader, h.HopLimit = b[6], b[7]
	h.Src = netip.AddrFrom16([16]byte(b[8:24]))
	h.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	total := IPv6Len + int(h.PayloadLength)
	switch {
	case h.Version != 6:
		return h, nil, nil, parseErr("ipv6", 0, ErrVersion)
	case total > len(b):
		return h, nil, nil, parseErr("ipv6", 4, ErrTruncated)
	}
	rest := b[IPv6Len:total:total]
	n, err := h.walkExtensions(rest)
	if err != nil {
		return h, nil, nil, err
	}
	h.Extensions = rest[:n:n]
	return h, rest[n:], b[total:], nil
}

// walkExtensions returns the length of the extension headers that b begins
// with, and notes what follows them.
func (h *IPv6) walkExtensions(b []byte) (int, error) {
	h.Upper = h.NextHeader
	at := 0
	for {
		unit, known := extensionUnit(h.Upper)
		if !known {
			return at, nil
		}
		if len(b) < at+8 {
			return 0, parseErr("ipv6", IPv6Len+at, ErrExtension)
		}
		length := 8
		switch h.Upper {
		case extFragment:
			// Offset or "more" set; a lone first-and-last piece is a whole packet
			// (RFC 6946).
			h.Fragment = h.Fragment || binary.BigEndian.Uint16(b[at+2:])&0xfff9 != 0
		case extAuthentication:
			length = (int(b[at+1]) + 2) * unit
		default:
			length = (int(b[at+1]) + 1) * unit
		}
		if len(b) < at+length {
			return 0, parseErr("ipv6", IPv6Len+at+1, ErrExtension)
		}
		h.Upper = b[at]
		at += length
		if h.Fragment {
			return at, nil
		}
	}
}

// extensionUnit tells whether a next-header value is an extension header, and
// in what its length field counts, in bytes.
func extensionUnit(next uint8) (unit int, known bool) {
	switch next {
	case extHopByHop, extRouting, extFragment, extDestination, extMobility, extHIP, extShim6:
		return 8, true
	case extAuthentication:
		return 4, true
	}
	return 0, false
}

// WireLen returns the number of bytes that Append adds.
func (h *IPv6) WireLen() int { return IPv6Len + len(h.Extensions) }

// Append adds the header and its extensions to dst exactly as the fields say.
func (h *IPv6) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.Version)<<28|uint32(h.TrafficClass)<<20|h.FlowLabel&0xfffff)
	dst = binary.BigEndian.AppendUint16(dst, h.PayloadLength)
	dst = append(dst, h.NextHeader, h.HopLimit)
	src, dstAddr := h.Src.As16(), h.Dst.As16()
	dst = append(dst, src[:]...)
	dst = append(dst, dstAddr[:]...)
	return append(dst, h.Extensions...)
}
