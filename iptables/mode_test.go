package iptables

import "testing"

func TestParseMode(t *testing.T) {
	for _, m := range []Mode{ModeRST, ModeInbound, ModeNone} {
		got, err := ParseMode(m.String())
		if err != nil || got != m {
			t.Errorf("ParseMode(%q): got %v, %v, want %v", m, got, err, m)
		}
	}
	for _, s := range []string{"", "RST", "both", "mode(7)"} {
		if got, err := ParseMode(s); err == nil {
			t.Errorf("ParseMode(%q): got %v, want an error", s, got)
		}
	}
}
