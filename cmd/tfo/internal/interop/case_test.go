package main

import (
	"net/netip"
	"regexp"
	"testing"
)

// Names tell the cases of a role apart, and every word in braces is filled in.
func TestCases(t *testing.T) {
	s := &site{dir: "/d", addr: netip.MustParseAddrPort("192.0.2.2:8080")}
	left := regexp.MustCompile(`\{[A-Z]+\}`)
	names := make(map[string]bool)
	for _, c := range allCases() {
		key := c.name + " " + string(c.role)
		if names[key] {
			t.Errorf("two cases are called %s", key)
		}
		names[key] = true
		if c.pkg == "" || c.program == "" || c.how == "" || c.visit == nil || c.want == nil {
			t.Errorf("%s: not complete", key)
		}
		if c.role == client && c.serve == nil {
			t.Errorf("%s: no server of ours", key)
		}
		texts := []string{}
		for _, text := range c.files {
			texts = append(texts, text)
		}
		for _, d := range c.daemons {
			texts = append(texts, d.command...)
		}
		for _, text := range texts {
			if got := left.FindString(s.fill(text)); got != "" {
				t.Errorf("%s: %s is not filled in", key, got)
			}
		}
	}
}

func TestHasListener(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:2329 00000000:0000 0A 00000000:00000000
   1: 0100007F:232A 0100007F:1F90 01 00000000:00000000
`
	for port, want := range map[uint16]bool{9001: true, 9002: false, 8080: false} {
		if got := hasListener(table, port); got != want {
			t.Errorf("port %d: got %t, want %t", port, got, want)
		}
	}
}
