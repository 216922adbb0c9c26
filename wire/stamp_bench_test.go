package wire_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tfocraft/cookie"
	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// craftedText is the SYN that a generator sends, with 64 bytes of data.
const craftedText = "S 0:64(64) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>"

func craftedFrame(t testing.TB, family int) wire.Packet {
	src, dst := "198.18.0.1:12345", "192.0.2.2:80"
	if family == 6 {
		src, dst = "[2001:db8::1]:12345", "[2001:db8::2]:80"
	}
	p, err := wire.ParseFrame(wiretest.Frame(t, src, dst, craftedText, strings.Repeat("x", 64)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// BenchmarkCraft makes a SYN with another client in each: with a stamp and the
// cookie of that client, the same without, by a template, which sums everything,
// and by gopacket, which has no cookies.
func BenchmarkCraft(b *testing.B) {
	p := craftedFrame(b, 4)
	b.Run("stamp-cookie", func(b *testing.B) { benchCraft(b, p, cookie.RFC7413.Minter(cookie.Key{1})) })
	b.Run("stamp-cookie-ipv6", func(b *testing.B) { benchCraft(b, craftedFrame(b, 6), cookie.RFC7413.Minter(cookie.Key{1})) })
	b.Run("stamp-siphash", func(b *testing.B) { benchCraft(b, p, cookie.Linux.Minter(cookie.Key{1})) })
	b.Run("stamp", func(b *testing.B) { benchCraft(b, p, nil) })
	b.Run("packet", func(b *testing.B) { benchCraftPacket(b, p) })
	b.Run("gopacket", func(b *testing.B) { benchCraftGopacket(b, p) })
}

func benchCraft(b *testing.B, p wire.Packet, minter *cookie.Minter) {
	s := newStamp(b, &p)
	_, dst := p.Addrs()
	v := s.Variant()
	frame := make([]byte, 2048)
	b.ReportAllocs()
	for n := uint32(0); b.Loop(); n++ {
		v.Src = client(p.IPVersion, n)
		v.SrcPort, v.Seq = uint16(n), wire.Seq(n)
		if minter != nil {
			v.Cookie = minter.Append(v.Cookie[:0], v.Src, dst)
		}
		s.Append(frame[:0], &v)
	}
}

// client returns an address of its own for each n.
func client(version uint8, n uint32) netip.Addr {
	if version == 4 {
		return netip.AddrFrom4([4]byte{198, 18 | byte(n>>16)&1, byte(n >> 8), byte(n)})
	}
	a := [16]byte{0: 0x20, 1: 1, 2: 0xd, 3: 0xb8}
	binary.BigEndian.PutUint32(a[12:], n)
	return netip.AddrFrom16(a)
}

func benchCraftPacket(b *testing.B, p wire.Packet) {
	minter := cookie.RFC7413.Minter(cookie.Key{1})
	_, dst := p.Addrs()
	fo := p.TCP.Options.FastOpen().Cookie
	frame := make([]byte, 2048)
	b.ReportAllocs()
	for n := uint32(0); b.Loop(); n++ {
		p.IPv4.Src = client(4, n)
		p.TCP.SrcPort, p.TCP.Seq = uint16(n), wire.Seq(n)
		copy(fo, minter.Mint(p.IPv4.Src, dst).Append(nil))
		p.SetChecksums()
		p.Append(frame[:0])
	}
}

func benchCraftGopacket(b *testing.B, p wire.Packet) {
	ethernet := &layers.Ethernet{SrcMAC: p.Ethernet.Src[:], DstMAC: p.Ethernet.Dst[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: make(net.IP, 4), DstIP: p.IPv4.Dst.AsSlice()}
	tcp := &layers.TCP{SrcPort: 12345, DstPort: 80, SYN: true, Window: 65535}
	for opt := range p.TCP.Options.All() {
		tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKind(opt.Kind), OptionLength: uint8(2 + len(opt.Data)), OptionData: opt.Data})
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		b.Fatal(err)
	}
	payload := gopacket.Payload(p.TCP.Payload)
	buf := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	b.ReportAllocs()
	for n := uint32(0); b.Loop(); n++ {
		src := client(4, n).As4()
		copy(ip.SrcIP, src[:])
		tcp.SrcPort, tcp.Seq = layers.TCPPort(n), n
		if err := gopacket.SerializeLayers(buf, options, ethernet, ip, tcp, payload); err != nil {
			b.Fatal(err)
		}
	}
}
