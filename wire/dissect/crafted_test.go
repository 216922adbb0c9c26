package dissect_test

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

const (
	ethernet4 = "020000000002 020000000001 0800"
	ethernet6 = "020000000002 020000000001 86dd"
)

var (
	from4, to4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	from6, to6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
)

// join puts parts one behind the other: bytes, or text of hex digits.
func join(t testing.TB, parts ...any) (all []byte) {
	t.Helper()
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			all = append(all, wiretest.Unhex(t, p)...)
		case []byte:
			all = append(all, p...)
		}
	}
	return all
}

// ip4 is an IPv4 packet; fragment is the field of flags and offset.
func ip4(t testing.TB, protocol uint8, fragment uint16, options string, inside []byte) []byte {
	t.Helper()
	h := wire.IPv4{Version: 4, TTL: 60, Protocol: protocol, ID: 7, Flags: uint8(fragment >> 13), FragmentOffset: fragment & 0x1fff,
		Src: from4, Dst: to4, Options: wiretest.Unhex(t, options)}
	h.IHL = uint8(h.WireLen() / 4)
	h.TotalLength = uint16(h.WireLen() + len(inside))
	h.Checksum = h.ComputeChecksum()
	return append(h.Append(nil), inside...)
}

// ip6 is an IPv6 packet; extensions is what stands before inside, and next its first kind.
func ip6(t testing.TB, next uint8, extensions string, inside []byte) []byte {
	t.Helper()
	h := wire.IPv6{Version: 6, TrafficClass: 0xb9, FlowLabel: 0x12345, NextHeader: next, HopLimit: 255, Src: from6, Dst: to6, Extensions: wiretest.Unhex(t, extensions)}
	h.PayloadLength = uint16(len(h.Extensions) + len(inside))
	return append(h.Append(nil), inside...)
}

// summed sets the checksum at a byte of a message.
func summed(message []byte, at int, pseudo wire.Sum) []byte {
	message = slices.Clone(message)
	binary.BigEndian.PutUint16(message[at:], pseudo.Add(message).Checksum())
	return message
}

func segment4(t testing.TB) []byte {
	t.Helper()
	p := wiretest.Packet(t, "192.0.2.1:40000", "192.0.2.2:80", "P. 9:14(5) ack 8 win 500 <nop,nop,TS val 1 ecr 2>", "hello")
	return p.TCP.Append(nil)
}

func segment6(t testing.TB) []byte {
	t.Helper()
	p := wiretest.Packet(t, "[2001:db8::1]:40000", "[2001:db8::2]:80", "P. 9:14(5) ack 8 win 500 <nop,nop,TS val 1 ecr 2>", "hello")
	return p.TCP.Append(nil)
}

// craftedLinks have everything that can stand before a packet.
func craftedLinks(t testing.TB) []linkFrame {
	t.Helper()
	p4, p6 := ip4(t, wire.ProtocolTCP, 0x4000, "", segment4(t)), ip6(t, wire.ProtocolTCP, "", segment6(t))
	arp := "0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202"
	return []linkFrame{
		{"VLAN", wire.LinkEthernet, join(t, "020000000002 020000000001 8100 b064 0800", p4)},
		{"QinQ", wire.LinkEthernet, join(t, "020000000002 020000000001 88a8 2000 8100 1064 86dd", p6)},
		{"ARP request", wire.LinkEthernet, join(t, "ffffffffffff 020000000001 0806", arp)},
		{"ARP reply", wire.LinkEthernet, join(t, "020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 c0000202 020000000001 c0000201", make([]byte, 18))},
		{"ARP of another link", wire.LinkEthernet, join(t, "020000000001 020000000002 0806 0006 86dd 02 03 0009 0102 010203 0304 040506")},
		{"SNAP", wire.LinkEthernet, join(t, "01000ccccccc 020000000001", []byte{0, byte(8 + len(p4))}, "aaaa03 000000 0800", p4)},
		{"802.3", wire.LinkEthernet, join(t, "0180c2000000 020000000001 0007 424203 00000102", make([]byte, 39))},
		{"unknown type", wire.LinkEthernet, join(t, "010000000002 000000000001 88b5 0102030405")},
		{"padding", wire.LinkEthernet, join(t, ethernet4, ip4(t, 6, 0, "", segment4(t)[:20]), "000000000000")},
		{"trailer", wire.LinkEthernet, join(t, ethernet4, p4, "010203")},
		{"check sequence", wire.LinkEthernet, binary.LittleEndian.AppendUint32(join(t, ethernet4, p4), crc32.ChecksumIEEE(join(t, ethernet4, p4)))},
		{"cooked", wire.LinkSLL, join(t, "0004 0001 0006 020000000001 0000 0800", p4)},
		{"cooked loopback", wire.LinkSLL, join(t, "0000 0304 0006 000000000000 0000 86dd", p6)},
		{"cooked tunnel", wire.LinkSLL, join(t, "0000 fffe 0000 0000000000000000 0800", p4)},
		{"cooked v2", wire.LinkSLL2, join(t, "0800 0000 00000003 0001 04 06 020000000001 0000", p4)},
		{"null", wire.LinkNull, join(t, "02000000", p4)},
		{"null, IPv6", wire.LinkNull, join(t, "0000001e", p6)},
		{"loop", wire.LinkLoop, join(t, "00000002", p4)},
		{"raw", wire.LinkRaw, p6},
		{"raw, BSD", wire.LinkRawBSD, p4},
		{"IPv4", wire.LinkIPv4, p4},
		{"IPv6", wire.LinkIPv6, p6},
	}
}

// craftedIPv4 have options, fragments, UDP and ICMP.
func craftedIPv4(t testing.TB) (all []linkFrame) {
	t.Helper()
	udp := summed(wiretest.Unhex(t, "c350 0035 000d 0000 68656c6c6f"), 6, wire.PseudoHeader(from4, to4, 17, 13))
	quote := ip4(t, wire.ProtocolTCP, 0x4000, "", segment4(t))
	message := func(head string, body []byte) []byte { return summed(join(t, head, body), 2, 0) }
	for name, packet := range map[string][]byte{
		"record route":     ip4(t, 17, 0, "07 0b 08 c0000205 00000000 00", udp),
		"timestamps":       ip4(t, 17, 0, "44 0c 09 00 00000001 00000000", udp),
		"timestamps, from": ip4(t, 17, 0, "44 14 0d 11 c0000205 00000001 c0000206 00000000", udp),
		"loose route":      ip4(t, 17, 0, "83 0b 08 c0000205 c0000206 01", udp),
		"strict route":     ip4(t, 17, 0, "01 89 07 04 c0000205", udp),
		"router alert":     ip4(t, 2, 0, "94 04 0000", wiretest.Unhex(t, "1600 0904 e0000016")),
		"old options":      ip4(t, 17, 0, "88 04 0001 0b 04 05dc 0c 04 05dc", udp),
		"unknown option":   ip4(t, 17, 0, "cc 06 01020304 01 00", udp),
		"bad option":       ip4(t, 17, 0, "44 01 0102", udp),
		"first fragment":   ip4(t, wire.ProtocolTCP, 0x2000, "", segment4(t)[:32]),
		"second fragment":  ip4(t, wire.ProtocolTCP, 0x0004, "", segment4(t)[:5]),
		"UDP":              ip4(t, 17, 0, "", udp),
		"UDP without sum":  ip4(t, 17, 0, "", wiretest.Unhex(t, "c350 0035 000c 0000 01020304")),
		"UDP too long":     ip4(t, 17, 0, "", wiretest.Unhex(t, "c350 0035 00ff 0000 01020304")),
		"echo":             ip4(t, 1, 0, "", message("08 00 0000 0001 0002", []byte("abcdefgh"))),
		"echo reply":       ip4(t, 1, 0, "", message("00 00 0000 0001 0002", []byte("abcdefgh"))),
		"port unreachable": ip4(t, 1, 0, "", message("03 03 0000 00000000", quote)),
		"too big":          ip4(t, 1, 0, "", message("03 04 0000 0000 0514", quote[:28])),
		"redirect":         ip4(t, 1, 0, "", message("05 01 0000 c0000205", quote[:28])),
		"time exceeded":    ip4(t, 1, 0, "", message("0b 00 0000 00000000", quote[:28])),
		"with extension":   ip4(t, 1, 0, "", message("0b 00 0000 00200000", join(t, quote, make([]byte, 128-len(quote)), summed(wiretest.Unhex(t, "2000 0000 0008 01 01 12345678"), 2, 0)))),
		"parameter":        ip4(t, 1, 0, "", message("0c 00 0000 09000000", quote[:28])),
		"times":            ip4(t, 1, 0, "", message("0d 00 0000 0001 0002 00000001 00000002 00000003", nil)),
		"option missing":   ip4(t, 1, 0, "", message("0c 01 0000 82000000", quote[:28])),
		"filtered":         ip4(t, 1, 0, "", message("03 0d 0000 00000000", quote[:28])),
		"redirect of TOS":  ip4(t, 1, 0, "", message("05 03 0000 c0000205", quote[:28])),
		"old too big":      ip4(t, 1, 0, "", message("03 04 0000 0000 0000", quote[:28])),
		"quench":           ip4(t, 1, 0, "", message("04 00 0000 00000000", quote[:28])),
		"times of its own": ip4(t, 1, 0, "", message("0e 00 0000 0001 0002 80000001 80000002 80000003", nil)),
		"information":      ip4(t, 1, 0, "", message("0f 00 0000 0001 0002", nil)),
		"mask":             ip4(t, 1, 0, "", message("12 00 0000 0001 0002 ffffff00", nil)),
		"routers":          ip4(t, 1, 0, "", message("09 00 0000 02 02 0708 c0000201 00000001 c0000202 80000000", nil)),
		"router wanted":    ip4(t, 1, 0, "", message("0a 00 0000 00000000", nil)),
		"other ICMP":       ip4(t, 1, 0, "", message("29 00 0000 00000000", nil)),
		"GRE":              ip4(t, 47, 0, "", wiretest.Unhex(t, "0000 88b5 0102")),
	} {
		all = append(all, linkFrame{name, wire.LinkEthernet, join(t, ethernet4, packet)})
	}
	sortByName(all)
	wrong := join(t, ethernet4, quote)
	wrong[24] ^= 1                            // of the header
	binary.BigEndian.PutUint16(wrong[50:], 1) // of TCP
	return append(all, linkFrame{"wrong sums", wire.LinkEthernet, wrong})
}

// craftedIPv6 have extension headers and ICMPv6.
func craftedIPv6(t testing.TB) (all []linkFrame) {
	t.Helper()
	quote := ip6(t, wire.ProtocolTCP, "", segment6(t))
	message := func(head string, body []byte) []byte {
		m := join(t, head, body)
		return summed(m, 2, wire.PseudoHeader(from6, to6, wire.ProtocolICMPv6, len(m)))
	}
	tcp := segment6(t)
	for name, packet := range map[string][]byte{
		"hop by hop":             ip6(t, 0, "06 00 0502 0000 0100", tcp),
		"destination":            ip6(t, 60, "06 02 0401 05 00 c910 20010db8000000000000000000000009", tcp),
		"jumbo":                  ip6(t, 0, "06 00 c204 00000040", tcp),
		"unknown options":        ip6(t, 60, "06 01 3e04 01020304 8b04 01020304 0100", tcp),
		"routing 0":              ip6(t, 43, "06 02 00 01 00000000 20010db8000000000000000000000007", tcp),
		"routing 2":              ip6(t, 43, "06 02 02 01 00000000 20010db8000000000000000000000007", tcp),
		"routing 4":              ip6(t, 43, "06 02 04 00 00000000 20010db8000000000000000000000002", tcp),
		"first fragment":         ip6(t, 44, "06 00 0001 01020304", tcp[:24]),
		"second fragment":        ip6(t, 44, "06 00 0019 01020304", tcp[:24]),
		"whole fragment":         ip6(t, 44, "06 00 0000 01020304", tcp),
		"authentication":         ip6(t, 51, "06 04 0000 00000001 00000002 0102030405060708090a0b0c", tcp),
		"HIP":                    ip6(t, 139, "06 00 010203040506", tcp),
		"nothing":                ip6(t, 59, "", nil),
		"too long":               ip6(t, 60, "06 ff 0100", tcp),
		"too big":                ip6(t, 58, "", message("02 00 0000 00000500", quote)),
		"unreachable":            ip6(t, 58, "", message("01 04 0000 00000000", quote)),
		"parameter, IPv6":        ip6(t, 58, "", message("04 00 0000 00000028", quote[:48])),
		"unreachable and more":   ip6(t, 58, "", message("01 05 0000 10000000", join(t, quote, make([]byte, 128-len(quote)), summed(wiretest.Unhex(t, "2000 0000 0008 01 01 12345678"), 2, 0)))),
		"exceeded and more":      ip6(t, 58, "", message("03 00 0000 10000000", join(t, quote, make([]byte, 128-len(quote)), summed(wiretest.Unhex(t, "2000 0000 0008 01 01 12345678"), 2, 0)))),
		"exceeded":               ip6(t, 58, "", message("03 01 0000 00000000", quote)),
		"headers cut":            ip6(t, 58, "", message("04 03 0000 00000028", quote)),
		"behind the last header": ip6(t, 59, "", wiretest.Unhex(t, "0102")),
		"last fragment":          ip6(t, 44, "06 00 0018 01020304", tcp[:24]),
		"options behind":         ip6(t, 60, "06 01 1204 01020304 1104 01020304 0100", tcp),
		"query":                  ip6(t, 58, "", message("82 00 0000 03e8 0000 00000000000000000000000000000000", nil)),
		"query 2":                ip6(t, 58, "", message("82 00 0000 9400 0000 ff020000000000000000000000000042 0a 9f 0001 20010db8000000000000000000000007", nil)),
		"auxiliary data":         ip6(t, 58, "", message("8f 00 0000 0000 0002 06010001 ff020000000000000000000000000042 20010db8000000000000000000000007 01020304 04000000 ff020000000000000000000000000043", nil)),
		"echo":                   ip6(t, 58, "", message("80 00 0000 0001 0002", []byte("abcdefgh"))),
		"solicitation":           ip6(t, 58, "", message("87 00 0000 00000000 20010db8000000000000000000000002 0101 020000000001", nil)),
		"advertisement":          ip6(t, 58, "", message("88 00 0000 60000000 20010db8000000000000000000000002 0201 020000000002", nil)),
		"router":                 ip6(t, 58, "", message("86 00 0000 40 c8 0708 00000001 00000002 0501 0000 000005dc 0304 40c0 00000e10 00000708 00000000 20010db8000000000000000000000000 1903 0000 00000e10 20010db8000000000000000000000053 1f02 0000 00000e10 016100 00 00000000", nil)),
		"redirect":               ip6(t, 58, "", message("89 00 0000 00000000 20010db8000000000000000000000007 20010db8000000000000000000000002", nil)),
		"listener":               ip6(t, 58, "", message("83 00 0000 0000 0000 ff020000000000000000000000000042", nil)),
		"option of length":       ip6(t, 58, "", message("85 00 0000 00000000 0100 020000000001", nil)),
		"listener 2":             ip6(t, 58, "", message("8f 00 0000 0000 0001 04000000 ff020000000000000000000000000042", nil)),
	} {
		all = append(all, linkFrame{name, wire.LinkEthernet, join(t, ethernet6, packet)})
	}
	sortByName(all)
	return all
}

func sortByName(frames []linkFrame) {
	slices.SortFunc(frames, func(a, b linkFrame) int { return strings.Compare(a.name, b.name) })
}
