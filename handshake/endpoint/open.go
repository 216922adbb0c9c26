package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"tfocraft/wire/link"
)

// Open starts a stack on the named interface of this host. What c leaves open
// is filled in: Link, Interface, Loopback and SetFilter always; Local with the
// addresses that the interface has now, on loopback with all of this host;
// Router, Ports and Ephemeral from the kernel. A Guard is the caller's
// business: which one there can be depends on the host.
//
// All of it belongs to the network namespace of the calling thread; what is
// opened later, to reserve ports, goes there too. It needs CAP_NET_RAW
// ([link.ErrPrivilege]).
func Open(ifname string, c Config) (*Stack, error) {
	// Nothing is in use yet, so the filter lets nothing in.
	l, err := link.Open(ifname, &link.Config{Filter: newSieve(nil, nil, c.Ephemeral).filter(false)})
	if err != nil {
		return nil, err
	}
	c.Link, c.Interface, c.SetFilter = l, ifname, true
	owned, err := c.fromKernel()
	if err == nil {
		var s *Stack
		if s, err = New(c); err == nil {
			s.owned = owned
			return s, nil
		}
	}
	for _, o := range append(owned, l) {
		err = errors.Join(err, o.Close())
	}
	return nil, err
}

// fromKernel fills in what the kernel knows, and returns what it has opened
// for that.
func (c *Config) fromKernel() (owned []io.Closer, err error) {
	ifi, err := net.InterfaceByName(c.Interface)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %s: %w", c.Interface, err)
	}
	c.Loopback = ifi.Flags&net.FlagLoopback != 0
	if c.Local == nil {
		if c.Local, err = localPrefixes(ifi); err != nil {
			return nil, err
		}
	}
	if c.Router == nil {
		r, err := link.NewResolver()
		if err != nil {
			return owned, err
		}
		c.Router, owned = r, append(owned, r)
	}
	if c.Ports == nil {
		p, err := OpenKernelPorts()
		if err != nil {
			return owned, err
		}
		c.Ports, owned = p, append(owned, p)
		if c.Ephemeral == (link.PortRange{}) {
			c.Ephemeral = p.Ephemeral()
		}
	}
	return owned, nil
}

// localPrefixes returns the addresses of an interface, on loopback those of
// the host: packets to any of them come by there.
func localPrefixes(ifi *net.Interface) ([]netip.Prefix, error) {
	list := ifi.Addrs
	var local []netip.Prefix
	if ifi.Flags&net.FlagLoopback != 0 {
		list = net.InterfaceAddrs
		local = append(local, netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8))
	}
	addrs, err := list()
	if err != nil {
		return nil, fmt.Errorf("endpoint: addresses of %s: %w", ifi.Name, err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				ip = ip.Unmap()
				local = append(local, netip.PrefixFrom(ip, ip.BitLen()))
			}
		}
	}
	return local, nil
}
