package handshake

import (
	"net/netip"
	"testing"
	"time"
)

var (
	issLocal  = netip.MustParseAddrPort("192.0.2.1:1000")
	issRemote = netip.MustParseAddrPort("192.0.2.2:80")
)

// The same addresses a second later: 250000 further on, a tick each 4 µs.
// RFC 6528, Section 3 (C-40).
func TestISNClock(t *testing.T) {
	g := ISNGenerator{Secret: [16]byte{1, 2, 3}}
	first := g.ISN(epoch, issLocal, issRemote)
	if got := g.ISN(epoch.Add(time.Second), issLocal, issRemote).Diff(first); got != 250_000 {
		t.Errorf("a second later: got %d further, want 250000", got)
	}
	if got := g.ISN(epoch.Add(4*time.Microsecond), issLocal, issRemote).Diff(first); got != 1 {
		t.Errorf("4 µs later: got %d further, want 1", got)
	}
}

// Every part of the addresses and the secret count, and so the numbers of two
// connections say nothing about each other (C-34, C-40).
func TestISNSpread(t *testing.T) {
	g := ISNGenerator{Secret: [16]byte{1, 2, 3}}
	isn, offset := g.ISN(epoch, issLocal, issRemote), g.TimestampOffset(issLocal, issRemote)
	for _, test := range []struct {
		name          string
		g             ISNGenerator
		local, remote string
	}{
		{"local port", g, "192.0.2.1:1001", "192.0.2.2:80"},
		{"local address", g, "192.0.2.3:1000", "192.0.2.2:80"},
		{"remote port", g, "192.0.2.1:1000", "192.0.2.2:81"},
		{"remote address", g, "192.0.2.1:1000", "192.0.2.3:80"},
		{"direction", g, "192.0.2.2:80", "192.0.2.1:1000"},
		{"secret", ISNGenerator{Secret: [16]byte{1, 2, 4}}, "192.0.2.1:1000", "192.0.2.2:80"},
		{"no secret", ISNGenerator{}, "192.0.2.1:1000", "192.0.2.2:80"},
	} {
		local, remote := netip.MustParseAddrPort(test.local), netip.MustParseAddrPort(test.remote)
		// Four bits of luck in 2^32 are left to each.
		if got := test.g.ISN(epoch, local, remote).Diff(isn); got > -16 && got < 16 {
			t.Errorf("%s: the ISN is %d away", test.name, got)
		}
		if got := test.g.TimestampOffset(local, remote); got == offset {
			t.Errorf("%s: the timestamp offset is the same", test.name)
		}
	}
	if uint32(isn) == offset {
		t.Error("the timestamp offset gives the ISN away")
	}
}

// An IPv4-mapped address is the same host.
func TestISNMapped(t *testing.T) {
	var g ISNGenerator
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:1000")
	if got, want := g.ISN(epoch, mapped, issRemote), g.ISN(epoch, issLocal, issRemote); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}
