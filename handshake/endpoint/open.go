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
	stacks, err := OpenShards(ifname, 1, c)
	if err != nil {
		return nil, err
	}
	return stacks[0], nil
}

// OpenShards opens n stacks on the named interface that share what comes: each connection
// that is opened by a peer is with one of them, all of it ([link.OpenShards]). A listener
// on every one of them is one server for as many processors. For that they have to share
// Ports that reserve an address again for those who hold it, and may share a Guard that
// counts. They are not for dialing: the answers may be for another stack.
func OpenShards(ifname string, n int, c Config) ([]*Stack, error) {
	// Nothing is in use yet, so the filter lets nothing in.
	links, err := link.OpenShards(ifname, n, &link.Config{Filter: newSieve(nil, nil, c.Ephemeral).filter(false), Answers: c.Answers, XDP: c.XDP})
	if err != nil {
		return nil, err
	}
	c.Interface, c.SetFilter = ifname, true
	var stacks []*Stack
	for _, l := range links {
		s, err := openOn(l, c)
		if err != nil {
			for _, s := range stacks {
				err = errors.Join(err, s.Close())
			}
			for _, l := range links[len(stacks):] {
				err = errors.Join(err, l.Close())
			}
			return nil, err
		}
		stacks = append(stacks, s)
	}
	return stacks, nil
}

// openOn starts a stack over a link, which it closes unless that fails.
func openOn(l link.Link, c Config) (*Stack, error) {
	c.Link = l
	owned, err := c.fromKernel()
	if err == nil {
		var s *Stack
		if s, err = New(c); err == nil {
			s.owned = owned
			return s, nil
		}
	}
	for _, o := range owned {
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
