package link

import (
	"encoding/binary"
	"fmt"

	"tfocraft/wire"
)

// Complete appends the frame to dst with its TCP checksum finished, for a
// capture of a frame that is [Frame.Partial]. A frame that is not TCP over IP,
// or whose lengths contradict each other, is appended as it is.
func Complete(dst, frame []byte) []byte {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return append(dst, frame...)
	}
	p.TCP.Checksum = p.TCP.ComputeChecksum(p.Addrs())
	return p.Append(dst)
}

// Reverse appends to dst the link-layer header that an answer to frame needs:
// addresses swapped, VLAN tags and EtherType kept. An IP packet can be appended
// to it.
func Reverse(dst, frame []byte) ([]byte, error) {
	e, _, err := wire.ParseEthernet(frame)
	if err != nil {
		return dst, fmt.Errorf("link: header of an answer: %w", err)
	}
	e = e.Reversed()
	return e.Append(dst), nil
}

// AppendHeader appends an untagged Ethernet header for an IP packet of the
// given version, 4 or 6.
func AppendHeader(dst []byte, to, from wire.MAC, version int) []byte {
	e := wire.Ethernet{Dst: to, Src: from, EtherType: wire.EtherTypeIPv4}
	if version == 6 {
		e.EtherType = wire.EtherTypeIPv6
	}
	return e.Append(dst)
}

// headerLen returns the length of the Ethernet header with its VLAN tags and
// the EtherType of what follows it; ok is false if the frame is too short.
func headerLen(frame []byte) (n int, etherType uint16, ok bool) {
	n = wire.EthernetLen
	for tags := 0; ; tags++ {
		if len(frame) < n {
			return 0, 0, false
		}
		etherType = binary.BigEndian.Uint16(frame[n-2:])
		tagged := etherType == wire.EtherTypeVLAN || etherType == wire.EtherTypeSVLAN
		if !tagged || tags == wire.MaxVLANTags {
			return n, etherType, true
		}
		n += 4
	}
}
