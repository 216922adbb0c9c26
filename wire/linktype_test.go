package wire_test

import (
	"testing"

	"tfocraft/wire"
)

func TestLinkTypes(t *testing.T) {
	for l, want := range map[wire.LinkType]string{
		wire.LinkNull: "0 (Null)", wire.LinkEthernet: "1 (Ethernet)", wire.LinkRawBSD: "12 (raw IP)", wire.LinkRaw: "101 (raw IP)",
		wire.LinkLoop: "108 (Loop)", wire.LinkSLL: "113 (Linux SLL)", wire.LinkIPv4: "228 (IPv4)", wire.LinkIPv6: "229 (IPv6)",
		wire.LinkSLL2: "276 (Linux SLL2)", 105: "105", 300: "300",
	} {
		if got := l.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	supported := 0
	for l := range wire.LinkType(1000) {
		if l.Supported() {
			if all := wire.LinkTypes(); supported == len(all) || all[supported] != l {
				t.Errorf("%v is supported, and in LinkTypes there are %v", l, all)
			}
			supported++
		}
	}
	if n := len(wire.LinkTypes()); supported != n {
		t.Errorf("%d are supported, LinkTypes has %d", supported, n)
	}
}
