package lab

import (
	"fmt"
	"net"
	"net/netip"
)

// Prefix lengths of every network of a lab.
const (
	bits4 = 24
	bits6 = 64
)

// Port is a network interface of a host and what is configured on it. The values are the same in every run.
type Port struct {
	Interface string
	// MAC is locally administered.
	MAC net.HardwareAddr
	// Addr4 is in a /24; Addr6 is in a /64 and the zero Addr in a lab without IPv6.
	Addr4, Addr6 netip.Addr
	// Gateway4 and Gateway6 are the router's addresses on this network, zero when there is none or this is the router.
	Gateway4, Gateway6 netip.Addr
}

// Addr returns the IPv6 or the IPv4 address.
func (p *Port) Addr(ipv6 bool) netip.Addr {
	if ipv6 {
		return p.Addr6
	}
	return p.Addr4
}

// end is one side of a cable.
type end struct {
	host *Host
	port *Port
}

// topology is a lab on paper: hosts without namespaces, and which of their ports are joined.
type topology struct {
	client  *Host
	servers []*Host
	router  *Host
	middle  *Host // of an emulated path
	cables  [][2]end
}

func plan(cfg Config) topology {
	if cfg.Router {
		return planRouted(cfg)
	}
	client := newHost("client", newPort(cfg, "eth0", 0x01, "192.0.2.1", "2001:db8::1"))
	server := newServer(cfg)
	if cfg.Path != nil {
		return planPath(cfg, client, server)
	}
	return topology{
		client:  client,
		servers: []*Host{server},
		cables:  [][2]end{{client.end(0), server.end(0)}},
	}
}

func newServer(cfg Config) *Host {
	return newHost("server", newPort(cfg, "eth0", 0x02, "192.0.2.2", "2001:db8::2"))
}

// planPath has a cable from each host to the one in the middle. Servers behind one address have the same hardware address,
// too: the path knows them by their cables.
func planPath(cfg Config, client, server *Host) topology {
	t := topology{client: client, servers: []*Host{server}}
	for i := 1; i < cfg.Path.FarHosts; i++ {
		another := newServer(cfg)
		another.Name = fmt.Sprintf("server%d", i+1)
		t.servers = append(t.servers, another)
	}
	ports := make([]Port, 1+len(t.servers))
	for i := range ports {
		ports[i] = Port{Interface: fmt.Sprintf("eth%d", i), MAC: net.HardwareAddr{0x02, 0, 0, 0, 0, byte(0x21 + i)}}
	}
	t.middle = newHost("path", ports...)
	for i, h := range append([]*Host{client}, t.servers...) {
		t.cables = append(t.cables, [2]end{h.end(0), t.middle.end(i)})
	}
	client.neighbour = server
	for _, h := range t.servers {
		h.neighbour = client
	}
	return t
}

func planRouted(cfg Config) topology {
	router := newHost("router",
		newPort(cfg, "eth0", 0x11, "198.18.0.254", "2001:db8:0:1::fe"),
		newPort(cfg, "eth1", 0x12, "198.18.1.254", "2001:db8:0:2::fe"))
	client := newHost("client",
		newPort(cfg, "eth0", 0x01, "198.18.0.1", "2001:db8:0:1::1").via(router.Ports[0]))
	server := newHost("server",
		newPort(cfg, "eth0", 0x02, "198.18.1.2", "2001:db8:0:2::2").via(router.Ports[1]))
	return topology{
		client:  client,
		servers: []*Host{server},
		router:  router,
		cables:  [][2]end{{client.end(0), router.end(0)}, {router.end(1), server.end(0)}},
	}
}

func newPort(cfg Config, name string, mac byte, addr4, addr6 string) Port {
	p := Port{
		Interface: name,
		MAC:       net.HardwareAddr{0x02, 0, 0, 0, 0, mac},
		Addr4:     netip.MustParseAddr(addr4),
	}
	if cfg.IPv6 {
		p.Addr6 = netip.MustParseAddr(addr6)
	}
	return p
}

func (p Port) via(router Port) Port {
	p.Gateway4, p.Gateway6 = router.Addr4, router.Addr6
	return p
}
