package wire_test

import (
	"net/netip"
	"testing"

	"tfocraft/wire"
)

// The field leaves the other six bits of its byte alone, in both families.
// RFC 3168, Section 5.
func TestECN(t *testing.T) {
	for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
		a := netip.MustParseAddrPort(address)
		p := wire.NewPacket(a, a, wire.Segment{})
		p.IPv4.TOS, p.IPv6.TrafficClass = 0xb8, 0xb8
		for _, e := range []wire.ECN{wire.CE, wire.ECT0, wire.ECT1, wire.NotECT} {
			p.SetECN(e)
			if got := p.ECN(); got != e {
				t.Errorf("%s: got %d, want %d", address, got, e)
			}
		}
		if p.IPv4.TOS != 0xb8 || p.IPv6.TrafficClass != 0xb8 {
			t.Errorf("%s: got TOS %#x, traffic class %#x, want 0xb8", address, p.IPv4.TOS, p.IPv6.TrafficClass)
		}
		p.SetECN(wire.ECT0)
		p.SetLengths()
		p.SetChecksums()
		b := p.Append(nil)
		if q, err := wire.ParsePacket(b); err != nil || q.ECN() != wire.ECT0 {
			t.Errorf("%s: on the wire: got %d, %v, want %d", address, q.ECN(), err, wire.ECT0)
		}
	}
}
