package link

import (
	"encoding/binary"

	"tfocraft/wire"
)

// isUnfinished reports whether the checksum of a TCP segment is the sum of the pseudo-header
// alone, as a stack leaves it for a device to finish. One in 65536 finished ones looks the
// same. The frame has neither tags nor IP options nor extension headers, and both of its
// headers are there.
func isUnfinished(frame []byte) bool {
	ip := frame[wire.EthernetLen:]
	addrs, transport := ip[12:20], wire.IPv4Len
	length := int(binary.BigEndian.Uint16(ip[2:])) - wire.IPv4Len
	if ip[0]>>4 == 6 {
		addrs, transport = ip[8:40], wire.IPv6Len
		length = int(binary.BigEndian.Uint16(ip[4:]))
	}
	sum := wire.Sum(0).Add(addrs).AddUint16(uint16(length)).AddUint16(wire.ProtocolTCP)
	return binary.BigEndian.Uint16(ip[transport+16:]) == sum.Fold()
}
