package lab

import (
	"net/netip"
	"reflect"
	"testing"
)

// Every run has the same addresses, so that its output can be compared.
func TestPlanIsDeterministic(t *testing.T) {
	for _, cfg := range []Config{{}, {IPv6: true}, {Router: true}, {Router: true, IPv6: true}} {
		if got, want := plan(cfg), plan(cfg); !reflect.DeepEqual(got, want) {
			t.Errorf("plan(%+v) = %+v, want %+v", cfg, got, want)
		}
	}
}

// Both ends of a cable are on one network, and what is not on it goes through the other end.
func TestPlanCables(t *testing.T) {
	for _, cfg := range []Config{{IPv6: true}, {Router: true, IPv6: true}} {
		macs := map[string]bool{}
		for _, c := range plan(cfg).cables {
			a, b := c[0].port, c[1].port
			for _, p := range []*Port{a, b} {
				if macs[p.MAC.String()] || p.MAC[0]&3 != 2 {
					t.Errorf("MAC %s: want a locally administered unicast address of its own", p.MAC)
				}
				macs[p.MAC.String()] = true
			}
			for _, pair := range [][2]netip.Prefix{
				{netip.PrefixFrom(a.Addr4, bits4), netip.PrefixFrom(b.Addr4, bits4)},
				{netip.PrefixFrom(a.Addr6, bits6), netip.PrefixFrom(b.Addr6, bits6)},
			} {
				if got, want := pair[0].Masked(), pair[1].Masked(); got != want || pair[0] == pair[1] {
					t.Errorf("networks of a cable = %s, %s, want one with two addresses", pair[0], pair[1])
				}
			}
			for _, e := range [][2]*Port{{a, b}, {b, a}} {
				if g := e[0].Gateway6; g.IsValid() && g != e[1].Addr6 {
					t.Errorf("gateway = %s, want %s", g, e[1].Addr6)
				}
			}
		}
	}
}

func TestPlanWithoutIPv6(t *testing.T) {
	got := plan(Config{Router: true}).client.Port
	if got.Addr6.IsValid() || got.Gateway6.IsValid() {
		t.Errorf("IPv6 = %s via %s, want none", got.Addr6, got.Gateway6)
	}
	if got, want := got.Addr(true), (netip.Addr{}); got != want {
		t.Errorf("Addr(true) = %s, want the zero address", got)
	}
}
