package iptables

import (
	"errors"
	"net/netip"
	"testing"
)

// ap parses an address and port; "" is the zero value.
func ap(s string) netip.AddrPort {
	if s == "" {
		return netip.AddrPort{}
	}
	return netip.MustParseAddrPort(s)
}

func TestScopeNormalize(t *testing.T) {
	tests := []struct{ local, remote, wantLocal, wantRemote string }{
		{"192.0.2.1:80", "", "192.0.2.1:80", ""},
		{"192.0.2.1:80", "198.18.0.1:4000", "192.0.2.1:80", "198.18.0.1:4000"},
		{"[::ffff:192.0.2.1]:80", "[::ffff:198.18.0.1]:4000", "192.0.2.1:80", "198.18.0.1:4000"},
		{"[fe80::1%eth0]:80", "[fe80::2%eth0]:1", "[fe80::1]:80", "[fe80::2]:1"},
		{"0.0.0.0:80", "", "0.0.0.0:80", ""},
		{"[::]:80", "[2001:db8::1]:9", "[::]:80", "[2001:db8::1]:9"},
	}
	for _, test := range tests {
		got, err := Scope{Local: ap(test.local), Remote: ap(test.remote)}.normalize()
		want := Scope{Local: ap(test.wantLocal), Remote: ap(test.wantRemote)}
		if err != nil || got != want {
			t.Errorf("%s %s: got %v, %v, want %v", test.local, test.remote, got, err, want)
		}
	}
}

func TestScopeRefused(t *testing.T) {
	tests := map[string]Scope{
		"zero":               {},
		"no address":         {Local: netip.AddrPortFrom(netip.Addr{}, 80)},
		"no port":            {Local: ap("192.0.2.1:0")},
		"every port":         {Local: ap("0.0.0.0:0")},
		"multicast":          {Local: ap("224.0.0.1:80")},
		"remote no port":     {Local: ap("192.0.2.1:80"), Remote: ap("198.18.0.1:0")},
		"remote no address":  {Local: ap("192.0.2.1:80"), Remote: netip.AddrPortFrom(netip.Addr{}, 4000)},
		"remote unspecified": {Local: ap("192.0.2.1:80"), Remote: ap("0.0.0.0:4000")},
		"families":           {Local: ap("192.0.2.1:80"), Remote: ap("[2001:db8::1]:4000")},
		"mode":               {Local: ap("192.0.2.1:80"), Mode: ModeNone + 1},
		"none is checked":    {Mode: ModeNone},
	}
	for name, scope := range tests {
		if err := scope.Validate(); !errors.Is(err, ErrScope) {
			t.Errorf("%s: got %v, want ErrScope", name, err)
		}
		if rules, err := Rules(scope, Tag{Manual: true}); !errors.Is(err, ErrScope) || rules != nil {
			t.Errorf("%s: got %v, %v, want no rules and ErrScope", name, rules, err)
		}
	}
}
