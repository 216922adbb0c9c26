package iptables

import "testing"

func TestParseBackend(t *testing.T) {
	for _, b := range []Backend{BackendAuto, BackendIPTables, BackendNFT} {
		got, err := ParseBackend(b.String())
		if err != nil || got != b {
			t.Errorf("ParseBackend(%q): got %v, %v, want %v", b, got, err, b)
		}
	}
	for _, s := range []string{"", "nftables", "backend(7)"} {
		if got, err := ParseBackend(s); err == nil {
			t.Errorf("ParseBackend(%q): got %v, want an error", s, got)
		}
	}
}
