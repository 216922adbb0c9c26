package link

import "tfocraft/wire"

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
	e, _, err := wire.ParseEthernet(frame)
	return e.WireLen(), e.EtherType, err == nil
}
