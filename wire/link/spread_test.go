package link

import (
	"net/netip"
	"testing"

	"golang.org/x/net/bpf"

	"tfocraft/wire"
)

// quoting returns a frame with an ICMP error about a frame: a router sends it to who has
// sent that. It quotes the IP header and eight bytes.
func quoting(frame []byte) []byte {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		panic(err)
	}
	packet := frame[wire.EthernetLen:]
	src, _ := p.Addrs()
	if src.Is4() {
		quoted := packet[:int(packet[0]&15)*4+8]
		ip := wire.IPv4{Version: 4, IHL: 5, TotalLength: uint16(28 + len(quoted)), TTL: 64, Protocol: wire.ProtocolICMP, Src: netip.MustParseAddr("198.18.9.9"), Dst: src}
		message := append([]byte{3, 4, 0, 0, 0, 0, 5, 0}, quoted...)
		return append(ip.Append(AppendHeader(nil, p.Ethernet.Src, p.Ethernet.Dst, 4)), message...)
	}
	quoted := packet[:wire.IPv6Len+8]
	ip := wire.IPv6{Version: 6, PayloadLength: uint16(8 + len(quoted)), NextHeader: wire.ProtocolICMPv6, HopLimit: 64, Src: netip.MustParseAddr("2001:db8:9::9"), Dst: src}
	message := append([]byte{2, 0, 0, 0, 0, 0, 5, 0}, quoted...)
	return append(ip.Append(AppendHeader(nil, p.Ethernet.Src, p.Ethernet.Dst, 6)), message...)
}

// clients returns the addresses of n clients, with the even ports that Linux takes.
func clients(n int) []netip.AddrPort {
	var all []netip.AddrPort
	for i := range n {
		port := uint16(32768 + 2*(i/4))
		if i%2 == 0 {
			all = append(all, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, 1, byte(i % 4)}), port))
		} else {
			all = append(all, netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i % 4)}), port))
		}
	}
	return all
}

func TestSpread(t *testing.T) {
	program, err := compileSpread(wire.EthernetLen)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	shard := func(frame []byte, n int) int {
		t.Helper()
		got, err := vm.Run(frame)
		if err != nil {
			t.Fatalf("%x: %v", frame, err)
		}
		return got % n
	}
	for n := 2; n <= 8; n++ {
		counts := make([]int, n)
		const total = 4000
		for _, client := range clients(total) {
			server := server4
			if client.Addr().Is6() {
				server = server6
			}
			coming, going := segmentFrame(client, server), segmentFrame(server, client)
			want := shard(coming, n)
			counts[want]++
			for name, frame := range map[string][]byte{"going": going, "an error about it": quoting(going)} {
				if got := shard(frame, n); got != want {
					t.Fatalf("%v, %d shards, %s: got shard %d, want %d", client, n, name, got, want)
				}
			}
			if client.Addr().Is4() {
				options := packetFrame(client, server, func(p *wire.Packet) { p.IPv4.Options = make([]byte, 40) })
				if got := shard(options, n); got != want {
					t.Fatalf("%v, %d shards, with options: got shard %d, want %d", client, n, got, want)
				}
			}
		}
		for i, count := range counts {
			if count < total/n/2 || count > total/n*2 {
				t.Errorf("%d shards: %d of %d connections are for shard %d", n, count, total, i)
			}
		}
	}
	for name, frame := range map[string][]byte{
		"echo request": icmpFrame(server4.Addr(), 8), "IPv6 echo request": icmpFrame(server6.Addr(), 128), "cut error": icmpFrame(server4.Addr(), 3),
		"ARP": make([]byte, 60), "nothing": nil,
		"later fragment": packetFrame(client4, server4, func(p *wire.Packet) { p.IPv4.FragmentOffset = 100 }),
	} {
		if got := shard(frame, 7); got != 0 {
			t.Errorf("%s: got shard %d, want 0", name, got)
		}
	}
}
