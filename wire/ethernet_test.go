package wire_test

import (
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

func TestEthernet(t *testing.T) {
	src, dst := wire.MAC{2, 0, 0, 0, 0, 1}, wire.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for _, test := range []struct {
		name, bytes string
		want        wire.Ethernet
	}{
		{"plain", `
			ffffffffffff  # destination
			020000000001  # source
			0800          # IPv4`,
			wire.Ethernet{Dst: dst, Src: src, EtherType: wire.EtherTypeIPv4}},
		{"loopback", "000000000000 000000000000 86dd", wire.Ethernet{EtherType: wire.EtherTypeIPv6}},
		{"one tag", `
			ffffffffffff 020000000001
			8100 e00a     # 802.1Q, priority 7, VLAN 10
			86dd`,
			wire.Ethernet{Dst: dst, Src: src, NumTags: 1,
				Tags:      [2]wire.VLANTag{{Protocol: wire.EtherTypeVLAN, Control: 0xe00a}},
				EtherType: wire.EtherTypeIPv6}},
		{"two tags", `
			ffffffffffff 020000000001
			88a8 0064     # service tag, VLAN 100
			8100 1fff     # drop eligible, VLAN 4095
			0800`,
			wire.Ethernet{Dst: dst, Src: src, NumTags: 2,
				Tags: [2]wire.VLANTag{
					{Protocol: wire.EtherTypeSVLAN, Control: 0x0064},
					{Protocol: wire.EtherTypeVLAN, Control: 0x1fff},
				},
				EtherType: wire.EtherTypeIPv4}},
		{"a third tag is what follows", "ffffffffffff 020000000001 8100 0001 8100 0002 8100",
			wire.Ethernet{Dst: dst, Src: src, NumTags: 2,
				Tags: [2]wire.VLANTag{
					{Protocol: wire.EtherTypeVLAN, Control: 1},
					{Protocol: wire.EtherTypeVLAN, Control: 2},
				},
				EtherType: wire.EtherTypeVLAN}},
		{"802.3 length", "ffffffffffff 020000000001 002e", wire.Ethernet{Dst: dst, Src: src, EtherType: 46}},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := wiretest.Unhex(t, test.bytes)
			got, rest, err := wire.ParseEthernet(append(header, 1, 2, 3))
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "header", got, test.want)
			wiretest.WantBytes(t, rest, []byte{1, 2, 3})
			wiretest.WantBytes(t, got.Append(nil), header)
			wantValue(t, "WireLen", got.WireLen(), len(header))
		})
	}
}

func TestEthernetTruncated(t *testing.T) {
	frame := wiretest.Unhex(t, "ffffffffffff 020000000001 8100 0001 8100 0002 0800")
	for n := range len(frame) {
		_, _, err := wire.ParseEthernet(frame[:n])
		wantParseError(t, err, wire.ErrTruncated, "ethernet", n)
	}
}

func TestEthernetReversed(t *testing.T) {
	e := wire.Ethernet{Src: wire.MAC{1}, Dst: wire.MAC{2}, NumTags: 1, EtherType: wire.EtherTypeIPv6}
	e.Tags[0] = wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 0x2007}
	want := e
	want.Src, want.Dst = wire.MAC{2}, wire.MAC{1}
	wantValue(t, "header", e.Reversed(), want)
	wantValue(t, "VLAN", e.Tags[0].ID(), uint16(7))
	wantValue(t, "MAC", wire.MAC{2, 0xab, 0, 0, 0, 0xff}.String(), "02:ab:00:00:00:ff")
}
