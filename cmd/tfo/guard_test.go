package main

import (
	"strings"
	"testing"
)

// guard print changes nothing, so it needs no privilege.
func TestGuardPrint(t *testing.T) {
	var all strings.Builder
	for _, args := range []string{
		"192.0.2.1:8080", "192.0.2.1:8080 --mode inbound", "192.0.2.1:8080 --remote 198.18.0.1:40000", "[2001:db8::1]:8080",
		"[2001:db8::1]:8080 --mode inbound --remote [2001:db8::2]:40000",
		"192.0.2.1:8080 --backend nft", "192.0.2.1:8080 --mode inbound --backend nft", "[2001:db8::1]:8080 --backend nft --remote [2001:db8::2]:40000",
	} {
		all.WriteString("$ tfo guard print " + args + "\n")
		all.WriteString(tfo(t, "", append([]string{"guard", "print"}, strings.Fields(args)...)...).done(t))
	}
	golden(t, "guard_print.golden", all.String())
}
