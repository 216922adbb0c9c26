package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// parseAddress turns "host:port" into an address of the family that network
// wants: "tcp" for either, "tcp4" or "tcp6". Without a host it is the
// unspecified address. Names are looked up with the system's resolver; the
// first address of the right family is taken.
func parseAddress(ctx context.Context, network, address string) (netip.AddrPort, error) {
	family, ok := map[string]string{"tcp": "ip", "tcp4": "ip4", "tcp6": "ip6"}[network]
	if !ok {
		return netip.AddrPort{}, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addr, err := parseHost(ctx, family, host)
	return netip.AddrPortFrom(addr, uint16(port)), err
}

func parseHost(ctx context.Context, family, host string) (netip.Addr, error) {
	switch {
	case host == "" && family == "ip4":
		return netip.IPv4Unspecified(), nil
	case host == "":
		return netip.IPv6Unspecified(), nil
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		if !inFamily(family, addr) {
			return netip.Addr{}, &net.AddrError{Err: "address is not of the family of the network", Addr: host}
		}
		return addr, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return netip.Addr{}, err
	}
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return inFamily(family, a.Unmap()) })
	if i < 0 {
		return netip.Addr{}, &net.AddrError{Err: "no suitable address", Addr: host}
	}
	return addrs[i].Unmap(), nil
}

func inFamily(family string, a netip.Addr) bool {
	return family == "ip" || a.Is4() == (family == "ip4")
}

// checkRemote says why nobody can be dialed at an address, or nil.
func checkRemote(remote netip.AddrPort) error {
	switch {
	case remote.Addr().IsUnspecified():
		return errors.New("endpoint: no host to connect to")
	case !unicast(remote.Addr()):
		return fmt.Errorf("endpoint: %s is not the address of one host", remote.Addr())
	case remote.Port() == 0:
		return errors.New("endpoint: port 0 cannot be connected to")
	}
	return nil
}
