package wire_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

var (
	router4, host4 = netip.MustParseAddr("192.0.2.254"), netip.MustParseAddr("192.0.2.1")
	router6, host6 = netip.MustParseAddr("2001:db8::fe"), netip.MustParseAddr("2001:db8::1")
)

func TestICMPError(t *testing.T) {
	for _, test := range []struct {
		name, bytes string
		want        wire.ICMPError
	}{
		{"fragmentation needed, quote of 8 bytes", `
			45 00 0038 0000 0000 40 01 f5c5 c00002fe c0000201
			03 04 6768    # unreachable, fragmentation needed, checksum
			0000 03e8     # unused, MTU 1000
			45 00 05dc 1234 4000 40 06 0000 c0000201 c0000202
			3039 0050 00000007`,
			wire.ICMPError{IPVersion: 4, Type: 3, Code: 4, MTU: 1000, From: router4,
				Src: netip.MustParseAddrPort("192.0.2.1:12345"), Dst: netip.MustParseAddrPort("192.0.2.2:80"), Seq: 7}},
		{"packet too big", `
			60000000 0038 3a 40
			20010db80000000000000000000000fe 20010db8000000000000000000000001
			02 00 80c8    # packet too big, checksum
			00000500      # MTU 1280
			60012345 05c8 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002
			3039 0050 00000007`,
			wire.ICMPError{IPVersion: 6, Type: 2, MTU: 1280, From: router6,
				Src: netip.MustParseAddrPort("[2001:db8::1]:12345"), Dst: netip.MustParseAddrPort("[2001:db8::2]:80"), Seq: 7}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := wiretest.Unhex(t, test.bytes)
			got, err := wire.ParseICMPError(b)
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "error", got, test.want)

			to, quoted := host4, b[28:]
			if got.IPVersion == 6 {
				to, quoted = host6, b[48:]
			}
			wiretest.WantBytes(t, wire.AppendICMPError(nil, got, to, quoted), b)
		})
	}
}

// Linux's answers to a SYN with a cookie and data, and to the SYN after it.
func TestICMPErrorsOfLinux(t *testing.T) {
	var syns []wire.Packet
	errors := 0
	for _, frame := range wiretest.LinuxFrames(t) {
		if p, err := wire.ParseFrame(frame); err == nil {
			syns = append(syns, p)
			continue
		}
		e, err := wire.ParseICMPFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		errors++
		refused := syns[len(syns)-1]
		wantValue(t, "source", e.Src, refused.Src())
		wantValue(t, "destination", e.Dst, refused.Dst())
		wantValue(t, "sequence number", e.Seq, refused.TCP.Seq)
		wantValue(t, "sender", e.From, refused.Dst().Addr())
		wantValue(t, "Hard", e.Hard(), true)
		wantValue(t, "PacketTooBig", e.PacketTooBig(), false)
	}
	wantValue(t, "ICMP errors", errors, 4)
}

func TestICMPKinds(t *testing.T) {
	for _, test := range []struct {
		name               string
		version, typ, code uint8
		hard, tooBig       bool
	}{
		{"net unreachable", 4, 3, 0, false, false},
		{"host unreachable", 4, 3, 1, false, false},
		{"protocol unreachable", 4, 3, 2, true, false},
		{"port unreachable", 4, 3, 3, true, false},
		{"fragmentation needed", 4, 3, 4, false, true},
		{"source route failed", 4, 3, 5, false, false},
		{"prohibited", 4, 3, 13, false, false},
		{"TTL exceeded", 4, 11, 0, false, false},
		{"parameter problem", 4, 12, 0, false, false},
		{"no route", 6, 1, 0, false, false},
		{"prohibited", 6, 1, 1, true, false},
		{"address unreachable", 6, 1, 3, false, false},
		{"port unreachable", 6, 1, 4, true, false},
		{"source address refused", 6, 1, 5, true, false},
		{"route refused", 6, 1, 6, true, false},
		{"no such code", 6, 1, 7, false, false},
		{"packet too big", 6, 2, 0, false, true},
		{"hop limit exceeded", 6, 3, 0, false, false},
		{"parameter problem", 6, 4, 1, false, false},
	} {
		e := wire.ICMPError{IPVersion: test.version, Type: test.typ, Code: test.code}
		if e.Hard() != test.hard || e.PacketTooBig() != test.tooBig {
			t.Errorf("%s, version %d: got hard %v, too big %v, want %v, %v", test.name, test.version, e.Hard(), e.PacketTooBig(), test.hard, test.tooBig)
		}
	}
}

// quote is a segment as a router would quote it.
func quote(t testing.TB, version uint8) []byte {
	if version == 6 {
		p := wiretest.Packet(t, "[2001:db8::1]:12345", "[2001:db8::2]:80", "S 7:12(5)", "hello")
		return p.Append(nil)
	}
	p := wiretest.Packet(t, "192.0.2.1:12345", "192.0.2.2:80", "S 7:12(5)", "hello")
	return p.Append(nil)
}

func icmp(version, typ, code uint8, quoted []byte) []byte {
	if version == 6 {
		return wire.AppendICMPError(nil, wire.ICMPError{IPVersion: 6, Type: typ, Code: code, From: router6}, host6, quoted)
	}
	return wire.AppendICMPError(nil, wire.ICMPError{IPVersion: 4, Type: typ, Code: code, From: router4}, host4, quoted)
}

// Wherever a quote is cut, eight bytes of TCP are enough and fewer are not.
func TestICMPQuoteCut(t *testing.T) {
	for _, version := range []uint8{4, 6} {
		whole, header, typ := quote(t, version), wire.IPv4Len, uint8(3)
		if version == 6 {
			header, typ = wire.IPv6Len, 1
		}
		for n := range len(whole) + 1 {
			e, err := wire.ParseICMPError(icmp(version, typ, 0, whole[:n]))
			if n < header+8 {
				wantParseError(t, err, wire.ErrTruncated, "icmp", 8+n)
				continue
			}
			if err != nil || e.Src.Port() != 12345 || e.Dst.Port() != 80 || e.Seq != 7 {
				t.Errorf("version %d, %d bytes quoted: got %+v, %v", version, n, e, err)
			}
		}
	}
}

func TestICMPQuotedHeaders(t *testing.T) {
	q4 := quote(t, 4)
	withOptions := append([]byte{0x46}, q4[1:20]...)
	withOptions = append(append(withOptions, 0x94, 4, 0, 0), q4[20:]...)
	if e, err := wire.ParseICMPError(icmp(4, 11, 0, withOptions)); err != nil || e.Seq != 7 {
		t.Errorf("IPv4 options: got %+v, %v", e, err)
	}
	q6 := quote(t, 6)
	withExtension := append(bytes.Clone(q6[:6]), 0)
	withExtension = append(append(withExtension, q6[7:40]...), 6, 0, 1, 4, 0, 0, 0, 0)
	withExtension = append(withExtension, q6[40:48]...)
	if e, err := wire.ParseICMPError(icmp(6, 3, 0, withExtension)); err != nil || e.Seq != 7 {
		t.Errorf("IPv6 extension: got %+v, %v", e, err)
	}
	_, err := wire.ParseICMPError(icmp(6, 3, 0, withExtension[:44]))
	wantParseError(t, err, wire.ErrTruncated, "icmp", 48)
}

func TestICMPErrors(t *testing.T) {
	change := func(b []byte, at int, v byte) []byte {
		b[at] = v
		return b
	}
	for _, test := range []struct {
		name   string
		b      []byte
		want   error
		layer  string
		offset int
	}{
		{"no bytes", nil, wire.ErrTruncated, "ip", 0},
		{"version 5", []byte{0x50}, wire.ErrVersion, "ip", 0},
		{"TCP", quote(t, 4), wire.ErrNotICMP, "ipv4", 9},
		{"TCP over IPv6", quote(t, 6), wire.ErrNotICMP, "ipv6", 6},
		{"echo request", icmp(4, 8, 0, nil), wire.ErrNotICMP, "icmp", 0},
		{"redirect", icmp(4, 5, 0, quote(t, 4)), wire.ErrNotICMP, "icmp", 0},
		{"neighbour solicitation", icmp(6, 135, 0, nil), wire.ErrNotICMP, "icmp", 0},
		{"wrong checksum of the IPv4 header", change(icmp(4, 3, 3, quote(t, 4)), 10, 0), wire.ErrChecksum, "ipv4", 10},
		{"wrong checksum", change(icmp(4, 3, 3, quote(t, 4)), 40, 0xff), wire.ErrChecksum, "icmp", 2},
		{"wrong checksum over IPv6", change(icmp(6, 1, 4, quote(t, 6)), 23, 0xff), wire.ErrChecksum, "icmp", 2},
		{"fragment", change(icmp(4, 3, 3, quote(t, 4)), 7, 1), wire.ErrFragment, "ipv4", 6},
		{"quote of version 6 over 4", icmp(4, 3, 3, quote(t, 6)), wire.ErrVersion, "icmp", 8},
		{"quote of version 4 over 6", icmp(6, 1, 4, append(quote(t, 4), quote(t, 4)...)), wire.ErrVersion, "icmp", 8},
		{"quoted header of 4 words", icmp(4, 3, 3, change(quote(t, 4), 0, 0x44)), wire.ErrHeaderLength, "icmp", 8},
		{"quoted UDP", icmp(4, 3, 3, change(quote(t, 4), 9, 17)), wire.ErrNotTCP, "icmp", 17},
		{"quoted UDP over IPv6", icmp(6, 1, 4, change(quote(t, 6), 6, 17)), wire.ErrNotTCP, "icmp", 14},
		{"quoted later fragment", icmp(4, 3, 3, change(quote(t, 4), 7, 1)), wire.ErrFragment, "icmp", 14},
		{"quoted fragment over IPv6", icmp(6, 1, 4, append(change(quote(t, 6), 6, 44)[:40], 6, 0, 0, 9, 0, 0, 0, 0)), wire.ErrFragment, "icmp", 48},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wire.ParseICMPError(test.b)
			wantParseError(t, err, test.want, test.layer, test.offset)
		})
	}
	_, err := wire.ParseICMPError(icmp(4, 3, 3, nil)[:27])
	wantParseError(t, err, wire.ErrTruncated, "ipv4", 2)
	_, err = wire.ParseICMPFrame(make([]byte, 13))
	wantParseError(t, err, wire.ErrTruncated, "ethernet", 13)
	_, err = wire.ParseICMPFrame(make([]byte, 14))
	wantParseError(t, err, wire.ErrNotIP, "ethernet", 12)
}

// An MTU is told only by the messages that are about one.
func TestICMPMTU(t *testing.T) {
	b := icmp(4, 3, 3, quote(t, 4))
	binary.BigEndian.PutUint16(b[26:], 1000)
	binary.BigEndian.PutUint16(b[22:], 0)
	binary.BigEndian.PutUint16(b[22:], wire.Sum(0).Add(b[20:]).Checksum())
	e, err := wire.ParseICMPError(b)
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "MTU", e.MTU, uint32(0))
}
