package wire

import (
	"encoding/binary"
	"fmt"
)

// EthernetLen is the length of an untagged Ethernet header, in bytes.
const EthernetLen = 14

// MaxVLANTags is how many tags a frame may carry here (IEEE 802.1ad).
const MaxVLANTags = 2

// EtherTypes.
const (
	EtherTypeIPv4  = 0x0800
	EtherTypeARP   = 0x0806
	EtherTypeVLAN  = 0x8100
	EtherTypeIPv6  = 0x86DD
	EtherTypeSVLAN = 0x88A8
)

// MAC is an Ethernet address.
type MAC [6]byte

func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// A VLANTag is an IEEE 802.1Q tag: its protocol (0x8100 or 0x88a8) and the
// sixteen bits of priority, drop eligibility and VLAN number.
type VLANTag struct {
	Protocol uint16
	Control  uint16
}

// ID returns the VLAN number.
func (t VLANTag) ID() uint16 { return t.Control & 0x0fff }

// Ethernet is a link-layer header. Linux gives loopback frames the same form,
// with both addresses zero.
type Ethernet struct {
	Dst, Src  MAC
	NumTags   int // how many of Tags there are, outermost first
	Tags      [MaxVLANTags]VLANTag
	EtherType uint16
}

// ParseEthernet reads a header with up to two VLAN tags and returns what
// follows it, which aliases b.
func ParseEthernet(b []byte) (Ethernet, []byte, error) {
	var e Ethernet
	if len(b) < EthernetLen {
		return e, nil, parseErr("ethernet", len(b), ErrTruncated)
	}
	copy(e.Dst[:], b[0:6])
	copy(e.Src[:], b[6:12])
	at := 12
	for {
		e.EtherType = binary.BigEndian.Uint16(b[at:])
		at += 2
		if e.EtherType != EtherTypeVLAN && e.EtherType != EtherTypeSVLAN || e.NumTags == MaxVLANTags {
			return e, b[at:], nil
		}
		if len(b) < at+4 {
			return e, nil, parseErr("ethernet", len(b), ErrTruncated)
		}
		e.Tags[e.NumTags] = VLANTag{Protocol: e.EtherType, Control: binary.BigEndian.Uint16(b[at:])}
		e.NumTags++
		at += 2
	}
}

// WireLen returns the number of bytes that Append adds.
func (e *Ethernet) WireLen() int { return EthernetLen + 4*e.NumTags }

// Append adds the header to dst.
func (e *Ethernet) Append(dst []byte) []byte {
	dst = append(dst, e.Dst[:]...)
	dst = append(dst, e.Src[:]...)
	for _, t := range e.Tags[:e.NumTags] {
		dst = binary.BigEndian.AppendUint16(dst, t.Protocol)
		dst = binary.BigEndian.AppendUint16(dst, t.Control)
	}
	return binary.BigEndian.AppendUint16(dst, e.EtherType)
}

// Reversed returns the header of an answer: addresses swapped, tags kept.
func (e Ethernet) Reversed() Ethernet {
	e.Dst, e.Src = e.Src, e.Dst
	return e
}
