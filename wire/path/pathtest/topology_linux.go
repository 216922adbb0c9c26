// Package pathtest makes two hosts with an emulated path between them, for tests
// that talk to the kernel over one that is not perfect. It is for Linux, and only
// tests import it.
package pathtest

import (
	"context"
	"net/netip"
	"testing"

	"tfocraft/wire/link"
	"tfocraft/wire/link/hosttest"
	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
)

// Interface is the name of the interface that each host has.
const Interface = "veth0"

// The addresses of the hosts, in one network each of IPv4 (/24) and IPv6 (/64).
var (
	Client4 = netip.MustParseAddr("192.0.2.1")
	Client6 = netip.MustParseAddr("2001:db8::1")
	Server4 = netip.MustParseAddr("192.0.2.2")
	Server6 = netip.MustParseAddr("2001:db8::2")
)

// Topology is two hosts, each wired to a third that has nothing but the bridge.
type Topology struct {
	Client, Server *hosttest.Host
	// Bridge goes forward from the client to the server. Closing it cuts the
	// wire for good.
	Bridge *bridge.Bridge
}

// New makes the hosts and the path between them. They have addresses, know each
// other as neighbours, and send frames as they are on a wire. All of it goes with
// the test.
func New(t testing.TB, cfg *path.Config) *Topology {
	t.Helper()
	top := &Topology{Client: hosttest.New(t), Server: hosttest.New(t)}
	middle := hosttest.New(t)
	// Without addresses and IPv6 the kernel in the middle says nothing itself.
	middle.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	hosttest.Wire(middle, "client", top.Client, Interface)
	hosttest.Wire(middle, "server", top.Server, Interface)
	for _, ifname := range []string{"client", "server"} {
		middle.DisableOffload(ifname)
	}
	top.Client.Address(Interface, Client4.String()+"/24", Client6.String()+"/64")
	top.Server.Address(Interface, Server4.String()+"/24", Server6.String()+"/64")
	introduce(top.Client, top.Server, Server4, Server6)
	introduce(top.Server, top.Client, Client4, Client6)
	for _, h := range []*hosttest.Host{top.Client, top.Server} {
		h.DisableOffload(Interface)
	}
	top.Bridge = join(t, middle, cfg)
	return top
}

// introduce tells a host the hardware address of another, so that no neighbour has
// to be looked for over the path.
func introduce(h, other *hosttest.Host, addrs ...netip.Addr) {
	for _, addr := range addrs {
		h.Neighbour(Interface, addr.String(), other.MAC(Interface))
	}
}

func join(t testing.TB, middle *hosttest.Host, cfg *path.Config) (b *bridge.Bridge) {
	t.Helper()
	middle.Do(func() error {
		client, err := link.Open("client", &link.Config{Tap: true})
		if err != nil {
			return err
		}
		server, err := link.Open("server", &link.Config{Tap: true})
		if err != nil {
			client.Close()
			return err
		}
		b, err = bridge.Join(context.Background(), client, server, cfg)
		if err != nil {
			client.Close()
			server.Close()
		}
		return err
	})
	t.Cleanup(func() { b.Close() })
	return b
}
