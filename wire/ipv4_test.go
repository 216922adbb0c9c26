package wire_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

func TestIPv4(t *testing.T) {
	src, dst := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, test := range []struct {
		name, bytes      string
		want             wire.IPv4
		payload, trailer string
	}{
		{"plain", `
			45 00 0017    # version 4, 5 words, TOS 0, total length 23
			1234 4000     # identification, don't fragment
			40 06 0000    # TTL 64, TCP, checksum
			c0000201 c0000202`,
			wire.IPv4{Version: 4, IHL: 5, TotalLength: 23, ID: 0x1234, Flags: wire.IPv4DontFragment,
				TTL: 64, Protocol: wire.ProtocolTCP, Src: src, Dst: dst, Options: []byte{}},
			"abc", ""},
		{"every field", `
			46 b9 001a    # 6 words, TOS 0xb9, total length 26
			ffff f555     # reserved bit, DF, MF, fragment offset 0x1555
			01 fe beef    # TTL 1, protocol 254
			c0000201 c0000202
			94040000      # option: router alert`,
			wire.IPv4{Version: 4, IHL: 6, TOS: 0xb9, TotalLength: 26, ID: 0xffff, Flags: 7, FragmentOffset: 0x1555,
				TTL: 1, Protocol: 254, Checksum: 0xbeef, Src: src, Dst: dst, Options: []byte{0x94, 4, 0, 0}},
			"ab", ""},
		{"Ethernet padding", "45000015 00004000 40060000 c0000201 c0000202",
			wire.IPv4{Version: 4, IHL: 5, TotalLength: 21, Flags: 2,
				TTL: 64, Protocol: wire.ProtocolTCP, Src: src, Dst: dst, Options: []byte{}},
			"a", "\x00\x00\x00\x00\x00"},
		{"nothing inside", "45000014 00000000 40060000 c0000201 c0000202",
			wire.IPv4{Version: 4, IHL: 5, TotalLength: 20,
				TTL: 64, Protocol: wire.ProtocolTCP, Src: src, Dst: dst, Options: []byte{}},
			"", ""},
		{"longest header", "4f00003c 00000000 40060000 c0000201 c0000202" + strings.Repeat(" 01", 40),
			wire.IPv4{Version: 4, IHL: 15, TotalLength: 60,
				TTL: 64, Protocol: wire.ProtocolTCP, Src: src, Dst: dst, Options: bytes.Repeat([]byte{1}, 40)},
			"", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := wiretest.Unhex(t, test.bytes)
			got, payload, trailer, err := wire.ParseIPv4(append(header, test.payload+test.trailer...))
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "header", got, test.want)
			wantValue(t, "payload", string(payload), test.payload)
			wantValue(t, "trailer", string(trailer), test.trailer)
			wiretest.WantBytes(t, got.Append(nil), header)
			wantValue(t, "WireLen", got.WireLen(), len(header))
			wantValue(t, "IsFragment", got.IsFragment(), got.FragmentOffset != 0)
		})
	}
}

func TestIPv4Errors(t *testing.T) {
	good := wiretest.Unhex(t, "46000018 00004000 40060000 c0000201 c0000202 01010101")
	for _, test := range []struct {
		name   string
		change func(b []byte) []byte
		want   error
		offset int
	}{
		{"no bytes", func(b []byte) []byte { return nil }, wire.ErrTruncated, 0},
		{"half a header", func(b []byte) []byte { return b[:19] }, wire.ErrTruncated, 19},
		{"cut in the options", func(b []byte) []byte { return b[:23] }, wire.ErrTruncated, 2},
		{"version 6", func(b []byte) []byte { b[0] = 0x65; return b }, wire.ErrVersion, 0},
		{"header of 4 words", func(b []byte) []byte { b[0] = 0x44; return b }, wire.ErrHeaderLength, 0},
		{"header of 0 words", func(b []byte) []byte { b[0] = 0x40; return b }, wire.ErrHeaderLength, 0},
		{"total length inside the header", func(b []byte) []byte { b[3] = 23; return b }, wire.ErrTotalLength, 2},
		{"total length 0", func(b []byte) []byte { b[3] = 0; return b }, wire.ErrTotalLength, 2},
		{"total length past the end", func(b []byte) []byte { b[3] = 25; return b }, wire.ErrTruncated, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, _, err := wire.ParseIPv4(test.change(bytes.Clone(good)))
			wantParseError(t, err, test.want, "ipv4", test.offset)
		})
	}
}

func TestIPv4Fragments(t *testing.T) {
	for _, test := range []struct {
		flags  uint8
		offset uint16
		want   bool
	}{
		{0, 0, false},
		{wire.IPv4DontFragment, 0, false},
		{4, 0, false}, // the reserved bit
		{wire.IPv4MoreFragments, 0, true},
		{0, 1, true},
		{wire.IPv4MoreFragments, 0x1fff, true},
	} {
		h := wire.IPv4{Flags: test.flags, FragmentOffset: test.offset}
		if got := h.IsFragment(); got != test.want {
			t.Errorf("flags %d, offset %d: got %v, want %v", test.flags, test.offset, got, test.want)
		}
	}
}

// An example that many texts on the header checksum use.
func TestIPv4Checksum(t *testing.T) {
	h, _, _, err := wire.ParseIPv4(append(wiretest.Unhex(t, "45000073 00004000 4011 b861 c0a80001 c0a800c7"), make([]byte, 0x5f)...))
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "checksum", h.ComputeChecksum(), uint16(0xb861))
	h.Checksum = 1
	wantValue(t, "checksum beside a wrong one", h.ComputeChecksum(), uint16(0xb861))
}
