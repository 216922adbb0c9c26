package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
)

// What tfo craft --send sends arrives byte for byte as tfo craft --format hex
// prints it, with right values and with wrong ones.
func TestInteropCraft(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		// Both kernels reset what they do not know, and most of it is wrong.
		l.resets, l.odd = true, true
		tap := e2eOpenTap(t, l.Server, l.Server.Interface)
		src := netip.AddrPortFrom(l.Client.Addr(ipv6), 40000)
		dst := l.server(ipv6, e2ePort)
		for _, name := range wire.FieldNames() {
			if e2eWrongValues[name] == nil && e2eOddValues[false][name] == nil && e2eOddValues[true][name] == nil {
				t.Errorf("no wrong value to try for %s", name)
			}
		}
		for _, args := range e2eCrafts(ipv6) {
			args = append([]string{"craft", "--src", src.String(), "--dst", dst.String()}, args...)
			want := strings.TrimSpace(e2eTfo(t, l.Client, append(args, "--format", "hex")...).want(t, exitDone).stdout)
			e2eTfo(t, l.Client, append(args, "--send")...).want(t, exitDone)
			// Only answers come between: the next frame from the client is it.
			got := e2eIP(tap.await(want, func(f e2eFrame) bool { return !f.out && e2eIsIP(f.data) }).data)
			if got != want {
				t.Errorf("tfo %s:\n got %s\nwant %s", strings.Join(args, " "), got, want)
			}
		}
	})
}

// e2eIsIP leaves out ARP and neighbour discovery.
func e2eIsIP(frame []byte) bool {
	switch e, ip, err := wire.ParseEthernet(frame); {
	case err != nil:
		return false
	case e.EtherType == wire.EtherTypeIPv6:
		const icmpv6 = 58
		return len(ip) > 6 && ip[6] != icmpv6
	default:
		return e.EtherType == wire.EtherTypeIPv4
	}
}

// e2eCrafts are arguments for tfo craft: cookies of every length, raw options,
// and a wrong value in every field but those that lead the packet to the server.
func e2eCrafts(ipv6 bool) [][]string {
	crafts := [][]string{
		{"S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7,FO,nop,nop>"},
		{"S 1000:1005(5) win 29200 <mss 1460,FO 0102030405060708>", "-d", "hello"},
		{"S 0:0(0) <mss 1460>", "--bad-checksum"},
		{"S 0:3(3) <mss 1460>", "--bad-checksum", "-d", "odd"},
		{"S 0:0(0) <mss 1460>", "--raw-option", "2204", "--raw-option", "fe04f989"},
		{"S 0:0(0) <mss 1460,raw 22ff01>"},
		{"S 0:0(0) <kind 253 0102030405>"},
		{"SFRPUEWA 4294967295:4294967295(0) ack 5 win 1 urg 7"},
		{"R. 7:7(0) ack 9 win 0", "--set", "tcp.reserved=5"},
		{". 1:1401(1400) ack 1", "--set", "tcp.flags=S."},
	}
	for n := range wire.MaxOptionsLen - 1 {
		crafts = append(crafts, []string{fmt.Sprintf("S 0:0(0) <FO %s>", e2eBytes(n))})
	}
	for n := range wire.MaxOptionsLen - 3 {
		crafts = append(crafts, []string{fmt.Sprintf("S 0:0(0) <FOEXP %s>", e2eBytes(n))})
	}
	for _, name := range wire.FieldNames() {
		values, ok := e2eWrongValues[name]
		if !ok {
			values = e2eOddValues[ipv6][name]
		}
		for _, value := range values {
			crafts = append(crafts, []string{"S 0:4(4) <mss 1460>", "-d", "data", "--set", name + "=" + value})
		}
	}
	return crafts
}

// e2eWrongValues has values for the fields of both families.
var e2eWrongValues = map[string][]string{
	"ip.version": {"0", "5", "15"}, "ip.tos": {"0xff"}, "ip.length": {"0", "21", "65535"}, "ip.ttl": {"0", "1"}, "ip.protocol": {"0xfd"},
	"tcp.sport": {"0"}, "tcp.dport": {"0", "65535"}, "tcp.seq": {"0xffffffff"}, "tcp.ack": {"1"}, "tcp.offset": {"0", "4", "15"},
	"tcp.reserved": {"7"}, "tcp.flags": {"0", "SFRP", "0xfff"}, "tcp.window": {"0"}, "tcp.checksum": {"bad", "0", "0xffff"},
	"tcp.urgent": {"9"}, "tcp.options": {"22", "2200", "ff", "01020304050607"},
}

// e2eOddValues has values for the fields of one family.
var e2eOddValues = map[bool]map[string][]string{
	false: {
		"ip.ihl": {"0", "4", "15"}, "ip.id": {"1"}, "ip.flags": {"0", "1", "7"}, "ip.fragment": {"1", "0x1fff"}, "ip.checksum": {"bad", "0"},
		"ip.src": {"198.18.0.1", "0.0.0.0"}, "ip.dst": {"198.18.0.2", "255.255.255.255"}, "ip.options": {"01010100", "8304"},
	},
	true: {
		"ip.flowlabel": {"0xfffff"}, "ip.extensions": {"0600010400000000", "060001"},
		"ip.src": {"2001:db8:1::1", "::"}, "ip.dst": {"2001:db8:1::2", "ff02::1"},
	},
}

// e2eBytes is a cookie of n bytes in hex.
func e2eBytes(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "%02x", i+1)
	}
	return s.String()
}
