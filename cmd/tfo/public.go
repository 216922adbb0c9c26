package main

import "net/netip"

// notPublic are ranges that netip does not know as private: for documentation,
// for benchmarks, and shared by carriers (RFC 5737, RFC 2544, RFC 3849, RFC 6598).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("2001:db8::/32"),
}

// public reports whether packets to the address may leave the site.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
