package main

import (
	"testing"

	"tfocraft/wire"
)

// Wireshark has nothing to say against what is not wrong on purpose.
func TestLoadWireshark(t *testing.T) {
	for name, args := range map[string][]string{
		"linux":   {"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--mode", "syn"},
		"freebsd": {"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--profile", "freebsd"},
		"IPv6":    {"[2001:db8::2]:8080", "--clients", "2001:db8:1::/112", "--size", "0-1300"},
		"request": {"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--mode", "request"},
		"options": {"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--options", "FO,mss 1400,nop,wscale 3,TS val 9 ecr 0"},
		"legal":   {"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--options", "mss 1460,FO", "--mutate", "none,cookie-0,cookie-4,cookie-6,cookie-16,cookie-bit,no-cookie,first,experimental"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := loadToFile(t, append(args, "--count", "200")...)
			e2eDissect(t, file)
			checkFrames(t, file, 200, func(p *wire.Packet) bool { return p.ChecksumsOK() && p.TCP.Flags == wire.SYN })
		})
	}
}
