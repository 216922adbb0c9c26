package wire_test

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// What Linux sends is read and written back byte for byte, its checksums are
// right, and built again from its parts it has the same lengths and checksums.
func TestLinuxFrames(t *testing.T) {
	tcp := 0
	for i, frame := range wiretest.LinuxFrames(t) {
		p, err := wire.ParseFrame(frame)
		if errors.Is(err, wire.ErrNotTCP) {
			continue // the ICMP errors among them
		}
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		tcp++
		wiretest.WantBytes(t, p.Append(nil), frame)
		wantValue(t, "WireLen", p.WireLen(), len(frame))
		if !p.ChecksumsOK() {
			t.Errorf("frame %d: checksums are wrong: %v", i, &p)
		}
		p.IPv4.IHL, p.IPv4.TotalLength, p.IPv4.Checksum, p.IPv6.PayloadLength, p.TCP.DataOffset, p.TCP.Checksum = 0, 0, 0, 0, 0, 0
		p.SetLengths()
		p.SetChecksums()
		wiretest.WantBytes(t, p.Append(nil), frame)
	}
	wantValue(t, "TCP frames", tcp, 36)
}

func TestPacketAddresses(t *testing.T) {
	for _, addrs := range [][2]string{{"192.0.2.1:12345", "198.18.0.2:80"}, {"[2001:db8::1]:12345", "[2001:db8::2]:80"}} {
		p := wiretest.Packet(t, addrs[0], addrs[1], "S 0:0(0)", "")
		got, err := wire.ParsePacket(p.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, "source", got.Src(), netip.MustParseAddrPort(addrs[0]))
		wantValue(t, "destination", got.Dst(), netip.MustParseAddrPort(addrs[1]))
		wantValue(t, "HasEthernet", got.HasEthernet, false)
	}
}

func TestFrameWithTagsOptionsAndPadding(t *testing.T) {
	frame := wiretest.Unhex(t, `
		020000000002 020000000001
		88a8 0064 8100 000a 0800      # two VLAN tags
		46 00 0031 0000 4000 40 06 0000 c0000201 c0000202
		94040000                      # IPv4 option
		3039 0050 00000001 00000000 5002 ffff 0000 0000
		68656c6c 6f                   # payload
		00000000 000000               # Ethernet padding`)
	p, err := wire.ParseFrame(frame)
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "payload", string(p.TCP.Payload), "hello")
	wantValue(t, "trailer", p.Trailer, make([]byte, 7))
	wiretest.WantBytes(t, p.Append(nil), frame)
	if p.ChecksumsOK() {
		t.Error("zero checksums count as right")
	}
}

// A checksum in front of padding and behind IPv6 extensions covers neither.
func TestChecksumsOverExtensions(t *testing.T) {
	p := wiretest.Packet(t, "[2001:db8::1]:1", "[2001:db8::2]:2", "P. 0:3(3) ack 1", "abc")
	sum := p.TCP.Checksum
	p.IPv6.NextHeader, p.IPv6.Extensions = 60, wiretest.Unhex(t, "06 00 01040000 0000")
	p.SetLengths()
	p.SetChecksums()
	wantValue(t, "checksum", p.TCP.Checksum, sum)
	got, err := wire.ParsePacket(append(p.Append(nil), 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "checksums", got.ChecksumsOK(), true)
	wantValue(t, "payload", string(got.TCP.Payload), "abc")
}

func TestPacketErrors(t *testing.T) {
	const ethernet = "020000000002 020000000001"
	const tcp = "3039 0050 00000001 00000000 5002 ffff 0000 0000"
	for _, test := range []struct {
		name, bytes string
		want        error
		layer       string
		offset      int
	}{
		{"ARP", ethernet + "0806 0001", wire.ErrNotIP, "ethernet", 12},
		{"ARP in a VLAN", ethernet + "8100 0001 0806 0001", wire.ErrNotIP, "ethernet", 16},
		{"no IP header", ethernet + "0800", wire.ErrTruncated, "ip", 0},
		{"version 5", ethernet + "0800 5500", wire.ErrVersion, "ip", 0},
		{"UDP", ethernet + "0800 45000014 00000000 40110000 c0000201 c0000202", wire.ErrNotTCP, "ipv4", 9},
		{"first fragment", ethernet + "0800 45000028 00002000 40060000 c0000201 c0000202" + tcp, wire.ErrFragment, "ipv4", 6},
		{"later fragment", ethernet + "0800 45000028 00000001 40060000 c0000201 c0000202" + tcp, wire.ErrFragment, "ipv4", 6},
		{"TCP cut by the total length", ethernet + "0800 45000027 00000000 40060000 c0000201 c0000202" + tcp, wire.ErrTruncated, "tcp", 19},
		{"UDP over IPv6", ethernet + "86dd 60000000 0000 11 40" + ipv6Addresses, wire.ErrNotTCP, "ipv6", 6},
		{"fragment over IPv6", ethernet + "86dd 60000000 0008 2c 40" + ipv6Addresses + "06 00 0001 00000001", wire.ErrFragment, "ipv6", 40},
		{"encrypted over IPv6", ethernet + "86dd 60000000 0000 32 40" + ipv6Addresses, wire.ErrNotTCP, "ipv6", 6},
		{"EtherType and version differ", ethernet + "0800 60000000 0014 06 40" + ipv6Addresses, wire.ErrTruncated, "ipv6", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wire.ParseFrame(wiretest.Unhex(t, test.bytes))
			wantParseError(t, err, test.want, test.layer, test.offset)
		})
	}
}

// What comes out of a parser shares the input's memory but cannot grow into it.
func TestParseAliasesWithoutOverlap(t *testing.T) {
	frame := wiretest.Frame(t, "192.0.2.1:1", "192.0.2.2:2", "S 0:2(2) <mss 1460>", "hi")
	before := bytes.Clone(frame)
	p, err := wire.ParseFrame(frame)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(p.TCP.Options, 0xff)
	_ = append(p.TCP.Payload, 0xff)
	_ = append(p.IPv4.Options, 0xff)
	wiretest.WantBytes(t, frame, before)
	frame[len(frame)-1] = 'o'
	wantValue(t, "payload", string(p.TCP.Payload), "ho")
}

func TestPacketString(t *testing.T) {
	for _, test := range [][3]string{
		{"192.0.2.1:12345", "192.0.2.2:80", "192.0.2.1:12345 > 192.0.2.2:80 S 0:5(5) win 1000"},
		{"[2001:db8::1]:12345", "[2001:db8::2]:80", "[2001:db8::1]:12345 > [2001:db8::2]:80 S 0:5(5) win 1000"},
	} {
		p := wiretest.Packet(t, test[0], test[1], "S 0:5(5) win 1000", "hello")
		wantValue(t, "text", p.String(), test[2])
	}
}
