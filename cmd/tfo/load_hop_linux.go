package main

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// nextHop returns the address of the host that packets to dst go to first: a router's,
// or dst. It is not valid if the kernel does not say.
func nextHop(dst netip.Addr, ifname string) netip.Addr {
	var opts netlink.RouteGetOptions
	if ifname != "" {
		ifi, err := net.InterfaceByName(ifname)
		if err != nil {
			return netip.Addr{}
		}
		opts.OifIndex = ifi.Index
	}
	routes, err := netlink.RouteGetWithOptions(dst.AsSlice(), &opts)
	if err != nil || len(routes) == 0 {
		return netip.Addr{}
	}
	if a, ok := netip.AddrFromSlice(routes[0].Gw); ok && !a.IsUnspecified() {
		return a.Unmap()
	}
	if via, ok := routes[0].Via.(*netlink.Via); ok { // an IPv6 router of an IPv4 route
		a, _ := netip.AddrFromSlice(via.Addr)
		return a.Unmap()
	}
	return dst
}
