package path

import "tfocraft/wire"

// corrupt flips one bit of a frame in place. Which one, of those that a checksum
// covers, is told by a number from 0 to 1 (exclusive).
func corrupt(frame []byte, which float64) {
	first, second := covered(frame)
	n := int(which * float64(8*(len(first)+len(second))))
	mask := byte(1) << (n % 8)
	switch i := n / 8; {
	case i < len(first):
		first[i] ^= mask
	case i < len(first)+len(second):
		second[i-len(first)] ^= mask
	}
}

// covered returns the bytes of an IP packet that are under a checksum of IP or
// TCP, in two parts. In IPv4 it is all but the first byte, which says how far the
// header's checksum reaches. IPv6 has no checksum of its own: it is the addresses,
// through the pseudo-header (RFC 8200, Section 8.1), and what is behind the
// extension headers. Nothing is known of a packet that does not parse, so all is
// returned.
func covered(frame []byte) (first, second []byte) {
	_, rest, err := wire.ParseEthernet(frame)
	if err != nil || len(rest) == 0 {
		return nil, nil
	}
	if rest[0]>>4 == 6 {
		if _, payload, _, err := wire.ParseIPv6(rest); err == nil {
			return rest[8:wire.IPv6Len], payload
		}
		return rest, nil
	}
	if h, payload, _, err := wire.ParseIPv4(rest); err == nil {
		return rest[1:h.WireLen()], payload
	}
	return rest, nil
}
