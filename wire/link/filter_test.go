package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"tfocraft/wire"
)

var (
	client4 = netip.MustParseAddrPort("192.0.2.1:40000")
	server4 = netip.MustParseAddrPort("192.0.2.2:80")
	client6 = netip.MustParseAddrPort("[2001:db8::1]:40000")
	server6 = netip.MustParseAddrPort("[2001:db8::2]:80")
)

// segmentFrame returns a frame with a SYN from src to dst, whole and right.
func segmentFrame(src, dst netip.AddrPort, tags ...wire.VLANTag) []byte {
	return packetFrame(src, dst, func(*wire.Packet) {}, tags...)
}

func packetFrame(src, dst netip.AddrPort, change func(*wire.Packet), tags ...wire.VLANTag) []byte {
	p := wire.NewPacket(src, dst, wire.Segment{Flags: wire.SYN, Window: 65535})
	p.HasEthernet = true
	p.Ethernet.Dst, p.Ethernet.Src = wire.MAC{2, 0, 0, 0, 0, 2}, wire.MAC{2, 0, 0, 0, 0, 1}
	p.Ethernet.EtherType = wire.EtherTypeIPv4
	if p.IPVersion == 6 {
		p.Ethernet.EtherType = wire.EtherTypeIPv6
	}
	p.Ethernet.NumTags = copy(p.Ethernet.Tags[:], tags)
	change(&p)
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}

// icmpFrame returns a frame with an ICMP message of a type to dst.
func icmpFrame(dst netip.Addr, kind byte) []byte {
	message := []byte{kind, 0, 0, 0, 0, 0, 0, 0}
	header := AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4)
	if dst.Is6() {
		ip := wire.IPv6{Version: 6, PayloadLength: 8, NextHeader: wire.ProtocolICMPv6, HopLimit: 64, Src: server6.Addr(), Dst: dst}
		return append(ip.Append(AppendHeader(nil, wire.MAC{}, wire.MAC{}, 6)), message...)
	}
	ip := wire.IPv4{Version: 4, IHL: 5, TotalLength: 28, TTL: 64, Protocol: wire.ProtocolICMP, Src: server4.Addr(), Dst: dst}
	return append(ip.Append(header), message...)
}

// admits compiles a filter and runs it over a frame.
func admits(t testing.TB, f Filter, frame []byte) bool {
	t.Helper()
	program, err := Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	return runs(t, program, frame)
}

func runs(t testing.TB, program []bpf.Instruction, frame []byte) bool {
	t.Helper()
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(frame)
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func TestFilter(t *testing.T) {
	to80 := Filter{Ports: []PortRange{Port(80)}}
	at4 := Filter{Addrs: []netip.Addr{server4.Addr()}, Ports: []PortRange{Port(80)}, ICMP: true}
	at6 := Filter{Addrs: []netip.Addr{server6.Addr()}, Ports: []PortRange{Port(80)}, ICMP: true}
	both := Filter{Addrs: []netip.Addr{server4.Addr(), server6.Addr()}, Ports: []PortRange{{100, 200}, Port(80)}, Either: true}
	bare := Filter{Ports: []PortRange{Port(80)}, Bare: true}
	nets := Filter{
		Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/31"), netip.MustParsePrefix("2001:db8::/126"), netip.MustParsePrefix("2001:db8:1::/40")},
		Ports:    []PortRange{Port(80)}, Neighbours: true,
	}
	arp := func(op byte) []byte {
		return append(append(make([]byte, 12), 8, 6, 0, 1, 8, 0, 6, 4, 0, op), make([]byte, 20)...)
	}
	tag := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 5}
	outer := wire.VLANTag{Protocol: wire.EtherTypeSVLAN, Control: 6}
	options := func(p *wire.Packet) { p.IPv4.Options = []byte{1, 1, 1, 1, 148, 4, 0, 0} }
	later := func(p *wire.Packet) { p.IPv4.FragmentOffset = 1 }
	first := func(p *wire.Packet) { p.IPv4.Flags = wire.IPv4MoreFragments }
	udp := func(p *wire.Packet) { p.IPv4.Protocol = 17 }
	extended := func(p *wire.Packet) { p.IPv6.NextHeader, p.IPv6.Extensions = 60, []byte{6, 0, 1, 4, 0, 0, 0, 0} }
	report := func(p *wire.Packet) { extended(p); p.IPv6.Extensions[0] = wire.ProtocolICMPv6 }
	other4 := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.3"), 80)
	other6 := netip.AddrPortFrom(netip.MustParseAddr("2001:db8::3"), 80)
	for _, test := range []struct {
		name   string
		filter Filter
		frame  []byte
		want   bool
	}{
		{"to our port", to80, segmentFrame(client4, server4), true},
		{"from our port", to80, segmentFrame(server4, client4), false},
		{"IPv6 to our port", to80, segmentFrame(client6, server6), true},
		{"IPv6 from our port", to80, segmentFrame(server6, client6), false},
		{"all TCP", Filter{}, segmentFrame(server4, client4), true},
		{"UDP", to80, packetFrame(client4, server4, udp), false},
		{"IP options", to80, packetFrame(client4, server4, options), true},
		{"IP options, other port", to80, packetFrame(server4, client4, options), false},
		{"later fragment", to80, packetFrame(client4, server4, later), false},
		{"first fragment", to80, packetFrame(client4, server4, first), true},
		{"our address", at4, segmentFrame(client4, server4), true},
		{"other address", at4, segmentFrame(client4, other4), false},
		{"our IPv6 address", at6, segmentFrame(client6, server6), true},
		{"other IPv6 address", at6, segmentFrame(client6, other6), false},
		{"IPv6 at an IPv4 address", at4, segmentFrame(client6, server6), false},
		{"IPv4 at an IPv6 address", at6, segmentFrame(client4, server4), false},
		{"extension header", at6, packetFrame(client6, server6, extended), true},
		{"extension header, other address", at6, packetFrame(client6, other6, extended), false},
		{"listener report", Filter{}, packetFrame(client6, server6, report), false},
		{"ICMPv6 behind an extension header", at6, packetFrame(client6, server6, report), true},
		{"tagged", to80, segmentFrame(client4, server4, tag), true},
		{"tagged twice", to80, segmentFrame(client6, server6, outer, tag), true},
		{"tagged, other port", to80, segmentFrame(server4, client4, tag), false},
		{"either, to", both, segmentFrame(client4, server4), true},
		{"either, from", both, segmentFrame(server4, client4), true},
		{"either, IPv6 from", both, segmentFrame(server6, client6), true},
		{"either, IPv6 to", both, segmentFrame(client6, server6), true},
		{"either, neither", both, segmentFrame(client4, other4), false},
		{"either, IPv6 neither", both, segmentFrame(client6, other6), false},
		{"either, IPv6 extension header", both, packetFrame(server6, other6, extended), true},
		{"in a range", both, segmentFrame(client4, netip.AddrPortFrom(server4.Addr(), 200)), true},
		{"above a range", both, segmentFrame(client4, netip.AddrPortFrom(server4.Addr(), 201)), false},
		{"below a range", both, segmentFrame(client4, netip.AddrPortFrom(server4.Addr(), 99)), false},
		{"ICMP unreachable", at4, icmpFrame(server4.Addr(), 3), true},
		{"ICMP time exceeded", at4, icmpFrame(server4.Addr(), 11), true},
		{"ICMP echo", at4, icmpFrame(server4.Addr(), 8), false},
		{"ICMP to another", at4, icmpFrame(client4.Addr(), 3), false},
		{"ICMP not wanted", to80, icmpFrame(server4.Addr(), 3), false},
		{"ICMPv6 too big", at6, icmpFrame(server6.Addr(), 2), true},
		{"ICMPv6 echo", at6, icmpFrame(server6.Addr(), 128), false},
		{"ICMPv6 type 0", at6, icmpFrame(server6.Addr(), 0), false},
		{"ICMPv6 to another", at6, icmpFrame(client6.Addr(), 1), false},
		{"ARP", Filter{}, append(make([]byte, 12), 8, 6), false},
		{"in a prefix", nets, segmentFrame(client4, other4), true},
		{"not in a prefix", nets, segmentFrame(server4, client4), false},
		{"in an IPv6 prefix", nets, segmentFrame(client6, other6), true},
		{"in a short IPv6 prefix", nets, segmentFrame(client6, netip.AddrPortFrom(netip.MustParseAddr("2001:db8:f0::3"), 80)), true},
		{"not in an IPv6 prefix", nets, segmentFrame(client6, netip.AddrPortFrom(netip.MustParseAddr("2001:db8:100::4"), 80)), false},
		{"ARP request", nets, arp(1), true},
		{"ARP reply", nets, arp(2), false},
		{"ARP not wanted", at4, arp(1), false},
		{"solicitation", nets, icmpFrame(client6.Addr(), 135), true},
		{"advertisement", nets, icmpFrame(client6.Addr(), 136), false},
		{"solicitation not wanted", at6, icmpFrame(server6.Addr(), 135), false},
		{"solicitation alone", Filter{Addrs: []netip.Addr{server4.Addr()}, Neighbours: true}, icmpFrame(client6.Addr(), 135), true},
		{"TCP beside solicitations", Filter{Neighbours: true}, segmentFrame(client6, server6), true},
		{"short", Filter{}, make([]byte, 13), false},
		{"cut before the ports", to80, segmentFrame(client4, server4)[:35], false},
		{"bare", bare, segmentFrame(client4, server4)[14:], true},
		{"bare IPv6", bare, segmentFrame(client6, server6)[14:], true},
		{"bare, other port", bare, segmentFrame(server4, client4)[14:], false},
		{"bare, no IP", bare, make([]byte, 60), false},
	} {
		if got := admits(t, test.filter, test.frame); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFilterLimits(t *testing.T) {
	var sparse, dense []PortRange
	for p := range uint16(1300) {
		sparse = append(sparse, Port(2*p))
		dense = append(dense, Port(50000-p))
	}
	one := []netip.Addr{server4.Addr()}
	program, err := Compile(Filter{Addrs: one, Ports: dense})
	if err != nil || len(program) > 100 {
		t.Errorf("adjacent ports: got %d instructions, %v, want few", len(program), err)
	}
	program, err = Compile(Filter{Addrs: one, Ports: sparse})
	if err != nil {
		t.Fatalf("1300 ranges: got %v, want none", err)
	}
	last := netip.AddrPortFrom(server4.Addr(), 2598)
	if !runs(t, program, segmentFrame(client4, last)) {
		t.Error("1300 ranges: last port is not let in")
	}
	for name, f := range map[string]Filter{
		"too many ranges": {Ports: sparse, Either: true},
		"upside down":     {Ports: []PortRange{{2, 1}}},
		"no address":      {Addrs: []netip.Addr{{}}},
		"no prefix":       {Prefixes: []netip.Prefix{{}}},
	} {
		if _, err := Compile(f); !errors.Is(err, ErrFilter) {
			t.Errorf("%s: got %v, want %v", name, err, ErrFilter)
		}
	}
}

// want is what Filter says, over the bytes of a frame, without a program.
func want(f Filter, frame []byte) bool {
	ip := frame
	version := 0
	if f.Bare {
		if len(ip) > 0 {
			version = int(ip[0] >> 4)
		}
	} else {
		n, etherType, ok := headerLen(frame)
		if !ok {
			return false
		}
		ip = frame[n:]
		switch etherType {
		case wire.EtherTypeIPv4:
			version = 4
		case wire.EtherTypeIPv6:
			version = 6
		}
	}
	switch version {
	case 4:
		return want4(f, ip)
	case 6:
		return want6(f, ip)
	}
	return false
}

func want4(f Filter, ip []byte) bool {
	if len(ip) < 10 || binary.BigEndian.Uint16(ip[6:])&0x1fff != 0 {
		return false
	}
	if len(f.Addrs) > 0 && len(ip) < 20 {
		return false
	}
	header := 4 * int(ip[0]&15)
	switch {
	case ip[9] == 6 && f.Either && isOurs(f, ip, 12, 4) && portIn(f, ip, header):
		return true
	case ip[9] == 6:
		return isOurs(f, ip, 16, 4) && portIn(f, ip, header+2)
	case ip[9] == 1 && f.ICMP:
		return isOurs(f, ip, 16, 4) && len(ip) > header && slices.Contains([]byte{3, 11, 12}, ip[header])
	}
	return false
}

func want6(f Filter, ip []byte) bool {
	if len(ip) < 7 || len(f.Addrs) > 0 && len(ip) < 40 {
		return false
	}
	extensions := []byte{0, 43, 44, 51, 60, 135, 139, 140}
	switch next := ip[6]; {
	case next == 6 && f.Either && isOurs(f, ip, 8, 16) && portIn(f, ip, 40):
		return true
	case next == 6:
		return isOurs(f, ip, 24, 16) && portIn(f, ip, 42)
	case next == 58 && f.ICMP:
		return isOurs(f, ip, 24, 16) && len(ip) > 40 && ip[40] >= 1 && ip[40] <= 4
	case slices.Contains(extensions, next):
		if len(ip) <= 40 || ip[40] != 6 && !(f.ICMP && ip[40] == 58) && !slices.Contains(extensions, ip[40]) {
			return false
		}
		return f.Either && isOurs(f, ip, 8, 16) || isOurs(f, ip, 24, 16)
	}
	return false
}

func isOurs(f Filter, ip []byte, off, n int) bool {
	if len(f.Addrs) == 0 {
		return true
	}
	a, _ := netip.AddrFromSlice(ip[off : off+n])
	return slices.Contains(f.Addrs, a)
}

func portIn(f Filter, ip []byte, off int) bool {
	if len(ip) < off+2 {
		return false
	}
	p := binary.BigEndian.Uint16(ip[off:])
	return len(f.Ports) == 0 || slices.ContainsFunc(f.Ports, func(r PortRange) bool { return r.First <= p && p <= r.Last })
}

func FuzzFilter(f *testing.F) {
	tag := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 5}
	for kind := range byte(32) {
		f.Add(segmentFrame(client4, server4), kind, uint16(80), uint16(0))
		f.Add(segmentFrame(server6, client6, tag), kind, uint16(80), uint16(1))
		f.Add(icmpFrame(server4.Addr(), 3), kind, uint16(80), uint16(100))
		f.Add(icmpFrame(server6.Addr(), 2), kind, uint16(0), uint16(65535))
	}
	f.Fuzz(func(t *testing.T, frame []byte, kind byte, port, width uint16) {
		filter := Filter{ICMP: kind&1 != 0, Either: kind&2 != 0, Bare: kind&4 != 0}
		if kind&8 != 0 {
			filter.Addrs = []netip.Addr{server4.Addr(), server6.Addr(), client6.Addr()}
		}
		if kind&16 != 0 {
			filter.Ports = []PortRange{{port, max(port, port+width)}, Port(443)}
		}
		got := admits(t, filter, frame)
		if want := want(filter, frame); got != want {
			t.Errorf("%+v, frame %x: got %v, want %v", filter, frame, got, want)
		}
	})
}

func ExampleCompile() {
	program, err := Compile(Filter{
		Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")},
		Ports: []PortRange{{First: 8000, Last: 8999}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := vm.Run(segmentFrame(client4, netip.MustParseAddrPort("192.0.2.2:8080")))
	fmt.Println(n > 0, err)
	// Output: true <nil>
}
