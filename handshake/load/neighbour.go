package load

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
)

// AppendAnswer adds the frame that answers a question for the hardware address of a
// client, an ARP request (RFC 826) or a neighbour solicitation (RFC 4861), with mac.
// It adds nothing, and reports false, if frame is no such question, or asks whether an
// address is free.
func AppendAnswer(dst, frame []byte, c *Clients, mac wire.MAC) ([]byte, bool) {
	e, rest, err := wire.ParseEthernet(frame)
	switch {
	case err != nil:
		return dst, false
	case e.EtherType == wire.EtherTypeARP:
		return appendARP(dst, e, rest, c, mac)
	case e.EtherType == wire.EtherTypeIPv6:
		return appendAdvertisement(dst, e, rest, c, mac)
	}
	return dst, false
}

const (
	arpLen     = 28
	arpRequest = 1
	arpReply   = 2
)

// arpHead is Ethernet, IPv4, and the lengths of their addresses.
const arpHead = 0x0001_0800_0604

func appendARP(dst []byte, e wire.Ethernet, b []byte, c *Clients, mac wire.MAC) ([]byte, bool) {
	if len(b) < arpLen || binary.BigEndian.Uint64(b) != arpHead<<16|arpRequest {
		return dst, false
	}
	sender, target := b[8:18], b[24:28]
	// RFC 5227, Section 2.1.1: a probe, from 0.0.0.0, asks whether an address is free. Who
	// wants to have it shall.
	if binary.BigEndian.Uint32(sender[6:]) == 0 {
		return dst, false
	}
	if _, ok := c.Index(netip.AddrFrom4([4]byte(target))); !ok {
		return dst, false
	}
	dst = appendEthernet(dst, e, mac)
	dst = binary.BigEndian.AppendUint64(dst, arpHead<<16|arpReply)
	dst = append(append(dst, mac[:]...), target...)
	return append(dst, sender...), true
}

// appendEthernet adds the header of an answer.
func appendEthernet(dst []byte, e wire.Ethernet, mac wire.MAC) []byte {
	answer := e.Reversed()
	answer.Src = mac
	return answer.Append(dst)
}

const (
	solicitationType  = 135
	advertisementType = 136
	solicitationLen   = 24 // without options
	targetLinkOption  = 2
	// The advertisement is an answer, and the newest truth.
	solicitedOverride = 0x60000000
)

func appendAdvertisement(dst []byte, e wire.Ethernet, b []byte, c *Clients, mac wire.MAC) ([]byte, bool) {
	h, payload, _, err := wire.ParseIPv6(b)
	if err != nil || h.Upper != wire.ProtocolICMPv6 || len(payload) < solicitationLen || payload[0] != solicitationType {
		return dst, false
	}
	// RFC 4861, Section 7.1.1: not from another network.
	if h.HopLimit != 255 || h.Src.IsUnspecified() {
		return dst, false
	}
	target := netip.AddrFrom16([16]byte(payload[8:24]))
	if _, ok := c.Index(target); !ok {
		return dst, false
	}
	const length = solicitationLen + 8
	answer := wire.IPv6{Version: 6, PayloadLength: length, NextHeader: wire.ProtocolICMPv6, HopLimit: 255, Src: target, Dst: h.Src}
	dst = appendEthernet(dst, e, mac)
	dst = answer.Append(dst)
	start := len(dst)
	dst = append(dst, advertisementType, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, solicitedOverride)
	dst = append(dst, payload[8:24]...)
	dst = append(append(dst, targetLinkOption, 1), mac[:]...)
	sum := wire.PseudoHeader(target, h.Src, wire.ProtocolICMPv6, length).Add(dst[start:])
	binary.BigEndian.PutUint16(dst[start+2:], sum.Checksum())
	return dst, true
}
