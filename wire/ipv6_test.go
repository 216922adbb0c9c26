package wire_test

import (
	"net/netip"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

const ipv6Addresses = `
	20010db8000000000000000000000001  # source
	20010db8000000000000000000000002  # destination
`

func TestIPv6(t *testing.T) {
	src, dst := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	h, payload, trailer, err := wire.ParseIPv6(wiretest.Unhex(t, `
		6 b9 54321      # version, traffic class, flow label
		0003 06 40      # payload length, TCP, hop limit`+ipv6Addresses+`
		616263          # payload
		0000            # trailer`))
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "header", h, wire.IPv6{
		Version: 6, TrafficClass: 0xb9, FlowLabel: 0x54321, PayloadLength: 3, NextHeader: wire.ProtocolTCP, HopLimit: 64,
		Src: src, Dst: dst, Extensions: []byte{}, Upper: wire.ProtocolTCP,
	})
	wantValue(t, "payload", string(payload), "abc")
	wantValue(t, "trailer", trailer, []byte{0, 0})
	wiretest.WantBytes(t, h.Append(nil), wiretest.Unhex(t, "6b954321 0003 06 40"+ipv6Addresses))
}

func TestIPv6Extensions(t *testing.T) {
	for _, test := range []struct {
		name       string
		next       string
		extensions string
		upper      uint8
		fragment   bool
	}{
		{"none", "06", "", 6, false},
		{"hop-by-hop, 8 bytes", "00", "06 00 05 02 0000 01 00", 6, false},
		{"destination options, 16 bytes", "3c", "06 01 01 0c 000000000000 000000000000", 6, false},
		{"routing", "2b", "06 02 00 00 00000000 20010db8000000000000000000000003", 6, false},
		{"mobility", "87", "06 00 00 00 0000 0000", 6, false},
		{"HIP", "8b", "06 00 00 00 0000 0000", 6, false},
		{"shim6", "8c", "06 00 00 00 0000 0000", 6, false},
		{"authentication, counted in words of 4 bytes", "33", `
			06 04 0000      # next, length: (4 + 2) * 4 = 24
			00000001        # security parameters index
			00000001        # sequence number
			00112233 44556677 8899aabb`, 6, false},
		{"all that can stand in a row", "00", `
			2b 00 01040000 0000         # hop-by-hop, then routing
			3c 00 00 00 00000000        # routing, then destination options
			33 00 01040000 0000         # destination options, then authentication
			3c 01 0000 00000001 00000001 # authentication, then destination options
			06 00 01040000 0000`, 6, false},
		{"a whole packet with a fragment header (RFC 6946)", "2c", "06 00 0000 12345678", 6, false},
		{"first fragment", "2c", "06 00 0001 12345678", 6, true},
		{"last fragment", "2c", "06 00 0008 12345678", 6, true},
		{"reserved bits of a fragment header", "2c", "06 00 0006 12345678", 6, false},
		{"a fragment ends the walk: extensions of the whole are cut", "2c", "00 00 0009 12345678", 0, true},
		{"UDP", "11", "", 17, false},
		{"encrypted", "32", "", 50, false},
		{"no next header", "3c", "3b 00 01040000 0000", 59, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			extensions := wiretest.Unhex(t, test.extensions)
			b := wiretest.Unhex(t, "60000000 00"+hexByte(len(extensions)+2)+test.next+"40"+ipv6Addresses)
			header := append(b, extensions...)
			h, payload, _, err := wire.ParseIPv6(append(header, "hi"...))
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "Upper", h.Upper, test.upper)
			wantValue(t, "Fragment", h.Fragment, test.fragment)
			wantValue(t, "payload", string(payload), "hi")
			wiretest.WantBytes(t, h.Extensions, extensions)
			wiretest.WantBytes(t, h.Append(nil), header)
			wantValue(t, "WireLen", h.WireLen(), len(header))
		})
	}
}

func TestIPv6Errors(t *testing.T) {
	const hopByHop = "06 01 01 0c 000000000000 000000000000" // 16 bytes
	for _, test := range []struct {
		name, bytes string
		want        error
		offset      int
	}{
		{"no bytes", "", wire.ErrTruncated, 0},
		{"half a header", "60000000 0000 06 40 20010db8", wire.ErrTruncated, 12},
		{"version 4", "45000000 0000 06 40" + ipv6Addresses, wire.ErrVersion, 0},
		{"payload length past the end", "60000000 0001 06 40" + ipv6Addresses, wire.ErrTruncated, 4},
		{"extension without a byte", "60000000 0000 00 40" + ipv6Addresses, wire.ErrExtension, 40},
		{"extension of 7 bytes", "60000000 0007 00 40" + ipv6Addresses + "06 00 0104000000", wire.ErrExtension, 40},
		{"extension past the payload length", "60000000 000f 00 40" + ipv6Addresses + hopByHop, wire.ErrExtension, 41},
		{"second extension missing", "60000000 0008 00 40" + ipv6Addresses + "3c 00 01040000 0000", wire.ErrExtension, 48},
		{"authentication past the end", "60000000 0008 33 40" + ipv6Addresses + "06 04 0000 00000001", wire.ErrExtension, 41},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, _, err := wire.ParseIPv6(wiretest.Unhex(t, test.bytes))
			wantParseError(t, err, test.want, "ipv6", test.offset)
		})
	}
}
