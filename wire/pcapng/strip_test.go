package pcapng_test

import (
	"bytes"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
	"tfocraft/wire/wiretest"
)

func TestStrip(t *testing.T) {
	const (
		ethernet = "020000000002 020000000001"
		sll      = "0000 0001 0006 020000000001 0000"
		sll2     = "0000 00000002 0001 04 06 020000000001 0000" // behind the protocol
		v4, v6   = "45000000", "60000000"
	)
	for _, test := range []struct {
		name, bytes string
		link        wire.LinkType
		want        string // empty: none
	}{
		{"Ethernet", ethernet + "0800" + v4, wire.LinkEthernet, v4},
		{"Ethernet, tagged twice", ethernet + "88a8 0001 8100 0002 86dd" + v6, wire.LinkEthernet, v6},
		{"ARP", ethernet + "0806 45000000", wire.LinkEthernet, ""},
		{"cut Ethernet", ethernet, wire.LinkEthernet, ""},
		{"Ethernet without a packet", ethernet + "0800", wire.LinkEthernet, ""},
		{"raw", v4, wire.LinkRaw, v4},
		{"raw of BSD", v6, wire.LinkRawBSD, v6},
		{"IPv4", v4, wire.LinkIPv4, v4},
		{"IPv6", v6, wire.LinkIPv6, v6},
		{"raw, something else", "00000000", wire.LinkRaw, ""},
		{"raw, nothing", "", wire.LinkRaw, ""},
		{"null, little endian", "02000000" + v4, wire.LinkNull, v4},
		{"null, big endian", "00000002" + v4, wire.LinkNull, v4},
		{"null, macOS", "1e000000" + v6, wire.LinkNull, v6},
		{"null, FreeBSD", "1c000000" + v6, wire.LinkNull, v6},
		{"loop, OpenBSD", "00000018" + v6, wire.LinkLoop, v6},
		{"null, Linux", "0a000000" + v6, wire.LinkNull, v6},
		{"null, AppleTalk", "10000000" + v4, wire.LinkNull, ""},
		{"cut null", "0200", wire.LinkNull, ""},
		{"cooked", sll + "0800" + v4, wire.LinkSLL, v4},
		{"cooked, tagged", sll + "8100 0001 86dd" + v6, wire.LinkSLL, v6},
		{"cooked ARP", sll + "0806" + v4, wire.LinkSLL, ""},
		{"cut cooked", sll, wire.LinkSLL, ""},
		{"cooked, cut tag", sll + "8100 00", wire.LinkSLL, ""},
		{"cooked, version 2", "86dd" + sll2 + v6, wire.LinkSLL2, v6},
		{"cut cooked, version 2", "86dd" + sll2[:len(sll2)-4], wire.LinkSLL2, ""},
		{"wireless", v4, 105, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := pcapng.Strip(test.link, wiretest.Unhex(t, test.bytes))
			if ok != (test.want != "") || !bytes.Equal(got, wiretest.Unhex(t, test.want)) {
				t.Errorf("got %x, %v, want %s", got, ok, test.want)
			}
		})
	}
}

// Cooked headers tell the direction, which the file need not.
func TestCookedDirection(t *testing.T) {
	for _, test := range []struct {
		link uint32
		head []uint32 // of the cooked header
		want pcapng.Direction
	}{
		{113, []uint32{0x0000_0001, 0, 0, 0x0000_0800}, pcapng.In},
		{113, []uint32{0x0003_0001, 0, 0, 0x0000_0800}, pcapng.In}, // for another host
		{113, []uint32{0x0004_0001, 0, 0, 0x0000_0800}, pcapng.Out},
		{276, []uint32{0x0800_0000, 1, 0x0001_0006, 0, 0}, pcapng.In},
		{276, []uint32{0x0800_0000, 1, 0x0001_0406, 0, 0}, pcapng.Out},
		{101, []uint32{0x45000000}, pcapng.Unknown},
		{113, []uint32{0x0004_0001}, pcapng.Unknown},
	} {
		length := uint32(4 * len(test.head))
		words := append([]uint32{0, 0, 0, length, length}, test.head...)
		r, err := pcapng.NewReader(bytes.NewReader(file(block(iface, test.link<<16, 0), block(enhanced, words...))))
		if err != nil {
			t.Fatal(err)
		}
		f, err := r.Next()
		if err != nil || f.Direction != test.want {
			t.Errorf("link type %d, %x: got %v, %v, want %v", test.link, test.head, f.Direction, err, test.want)
		}
	}
}

func TestDirectionNames(t *testing.T) {
	for d, want := range map[pcapng.Direction]string{pcapng.In: "in", pcapng.Out: "out", pcapng.Unknown: "unknown", 3: "unknown"} {
		if got := d.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
