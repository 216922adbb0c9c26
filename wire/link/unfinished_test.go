package link

import (
	"net/netip"
	"testing"

	"tfocraft/wire"
)

func TestIsUnfinished(t *testing.T) {
	for name, addrs := range map[string][2]string{"IPv4": {"192.0.2.1", "198.51.100.255"}, "IPv6": {"2001:db8::1", "2001:db8:ffff::ffff"}} {
		for payload := range 5 {
			src, dst := netip.AddrPortFrom(netip.MustParseAddr(addrs[0]), 1), netip.AddrPortFrom(netip.MustParseAddr(addrs[1]), 65535)
			p := wire.NewPacket(src, dst, data(payload))
			p.SetLengths()
			version := 4
			if src.Addr().Is6() {
				version = 6
			}
			frame := func() []byte { return p.Append(AppendHeader(nil, wire.MAC{1}, wire.MAC{2}, version)) }
			p.SetPartialChecksums()
			if f := frame(); !isUnfinished(f) || !isUnfinished(append(f, 0, 0, 0)) {
				t.Errorf("%s, %d bytes: an unfinished checksum %#x is not known", name, payload, p.TCP.Checksum)
			}
			p.SetChecksums()
			if isUnfinished(frame()) {
				t.Errorf("%s, %d bytes: %#x is said to be unfinished", name, payload, p.TCP.Checksum)
			}
			p.TCP.Checksum++
			if isUnfinished(frame()) {
				t.Errorf("%s, %d bytes: a wrong checksum is said to be unfinished", name, payload)
			}
		}
	}
}
