package path

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
)

const (
	arpLen     = 28
	arpRequest = 1
	arpReply   = 2

	neighbourSolicitation  = 135
	neighbourAdvertisement = 136
	solicitationLen        = 24 // without options
	advertisementLen       = 32 // with the one of the target's address
)

// A question is a host's for the hardware address of another: an ARP request (RFC 826) or a neighbour solicitation (RFC
// 4861, Section 4.3).
type question struct {
	ethernet      wire.Ethernet
	asker, target netip.Addr
}

func parseQuestion(frame []byte) (q question, ok bool) {
	ethernet, rest, err := wire.ParseEthernet(frame)
	q.ethernet = ethernet
	switch {
	case err != nil:
		return q, false
	case ethernet.EtherType == wire.EtherTypeARP:
		return q, q.readARP(rest)
	case ethernet.EtherType == wire.EtherTypeIPv6:
		return q, q.readSolicitation(rest)
	}
	return q, false
}

// readARP reads hardware type, protocol type, the lengths of addresses, operation, and the addresses of both hosts.
func (q *question) readARP(b []byte) bool {
	if len(b) < arpLen || binary.BigEndian.Uint64(b) != 1<<48|wire.EtherTypeIPv4<<32|6<<24|4<<16|arpRequest {
		return false
	}
	q.asker, q.target = netip.AddrFrom4([4]byte(b[14:18])), netip.AddrFrom4([4]byte(b[24:28]))
	return true
}

func (q *question) readSolicitation(packet []byte) bool {
	h, b, _, err := wire.ParseIPv6(packet)
	if err != nil || h.Upper != wire.ProtocolICMPv6 || len(b) < solicitationLen || b[0] != neighbourSolicitation || h.Src.IsUnspecified() {
		return false
	}
	q.asker, q.target = h.Src, netip.AddrFrom16([16]byte(b[8:24]))
	return true
}

// appendAnswer adds the frame that tells the asker this address.
func (q *question) appendAnswer(dst []byte, mac wire.MAC) []byte {
	back := q.ethernet.Reversed()
	back.Src = mac
	dst = back.Append(dst)
	if q.target.Is6() {
		return q.appendAdvertisement(dst, mac)
	}
	dst = binary.BigEndian.AppendUint64(dst, 1<<48|wire.EtherTypeIPv4<<32|6<<24|4<<16|arpReply)
	dst = append(append(dst, mac[:]...), q.target.AsSlice()...)
	return append(append(dst, back.Dst[:]...), q.asker.AsSlice()...)
}

// appendAdvertisement adds a solicited advertisement that overrides what the asker knew (RFC 4861, Section 4.4).
func (q *question) appendAdvertisement(dst []byte, mac wire.MAC) []byte {
	h := wire.IPv6{
		Version: 6, PayloadLength: advertisementLen, NextHeader: wire.ProtocolICMPv6, HopLimit: 255, Src: q.target, Dst: q.asker,
	}
	dst = h.Append(dst)
	start := len(dst)
	dst = append(dst, neighbourAdvertisement, 0, 0, 0, 0x60, 0, 0, 0)
	dst = append(dst, q.target.AsSlice()...)
	dst = append(append(dst, 2, 1), mac[:]...)
	sum := wire.PseudoHeader(q.target, q.asker, wire.ProtocolICMPv6, advertisementLen).Add(dst[start:])
	binary.BigEndian.PutUint16(dst[start+2:], sum.Checksum())
	return dst
}
