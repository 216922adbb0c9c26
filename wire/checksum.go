package wire

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Sum is a ones' complement sum in progress (RFC 1071). The zero value is an
// empty one. Every part but the last must have an even length.
type Sum uint64

// Add adds bytes; an odd last byte counts as if a zero followed.
func (s Sum) Add(b []byte) Sum {
	sum, carry := uint64(s), uint64(0)
	for len(b) >= 32 { // four at once: the carry stays in its flag between them
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	var tail [8]byte
	copy(tail[:], b)
	sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(tail[:]), carry)
	// The end-around carry cannot carry again: the tail has at most seven bytes,
	// so its lowest byte is zero and the sum beside a carry is below 2^64-1.
	return Sum(sum + carry)
}

// AddUint16 adds one 16-bit word.
func (s Sum) AddUint16(v uint16) Sum {
	sum, carry := bits.Add64(uint64(s), uint64(v), 0)
	return Sum(sum + carry)
}

// Fold returns the 16-bit ones' complement sum, not inverted.
func (s Sum) Fold() uint16 {
	// A number and its halves the other way round have in their upper half the sum of both
	// halves, with the carry that the lower half has had of the same sum.
	v := uint64(s)
	v += bits.RotateLeft64(v, 32)
	w := uint32(v >> 32)
	w += bits.RotateLeft32(w, 16)
	return uint16(w >> 16)
}

// Checksum returns what goes into a checksum field: the inverted sum.
func (s Sum) Checksum() uint16 { return ^s.Fold() }

// PseudoHeader begins the sum of a TCP segment of the given length with the
// addresses that the segment travels under (RFC 9293, Section 3.1, and
// RFC 8200, Section 8.1). Both addresses are of one family. Its Fold, not
// inverted, is what the checksum field of a segment holds that a device is to
// finish: the sum over the segment with this in its field is then the right one.
func PseudoHeader(src, dst netip.Addr, protocol uint8, length int) Sum {
	var s Sum
	if src.Is4() {
		a, b := src.As4(), dst.As4()
		s = Sum(uint64(binary.BigEndian.Uint32(a[:])) + uint64(binary.BigEndian.Uint32(b[:])))
	} else {
		a, b := src.As16(), dst.As16()
		s = s.Add(a[:]).Add(b[:])
	}
	s = s.AddUint16(uint16(length >> 16)).AddUint16(uint16(length))
	return s.AddUint16(uint16(protocol))
}

// ComputeChecksum returns the checksum that the segment should carry between
// these addresses; the one that it does carry is not looked at.
func (s *Segment) ComputeChecksum(src, dst netip.Addr) uint16 {
	var header [HeaderLen]byte
	bare := *s
	bare.Checksum, bare.Options, bare.Payload = 0, nil, nil
	bare.Append(header[:0])
	sum := PseudoHeader(src, dst, ProtocolTCP, s.WireLen()).Add(header[:])
	if len(s.Options)%2 != 0 {
		return sumOdd(sum, s.Options, s.Payload)
	}
	return sum.Add(s.Options).Add(s.Payload).Checksum()
}

// sameChecksum compares checksums: in ones' complement 0x0000 and 0xffff are
// both zero, and a sender that updates its sums incrementally may use either
// (RFC 1624).
func sameChecksum(a, b uint16) bool {
	return a == b || a^b == 0xffff && (a == 0 || b == 0)
}

// sumOdd sums parts whose first has an odd length, which only a crafted
// segment has: its bytes no longer fall on word boundaries by themselves.
func sumOdd(sum Sum, parts ...[]byte) uint16 {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return sum.Add(all).Checksum()
}
