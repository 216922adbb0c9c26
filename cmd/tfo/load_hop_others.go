//go:build !linux

package main

import "net/netip"

func nextHop(netip.Addr, string) netip.Addr { return netip.Addr{} }
