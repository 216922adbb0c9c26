package endpoint_test

import (
	"context"
	"net/netip"
	"testing"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/link/hosttest"
)

// allFree is a Ports for an address that nobody else uses.
type allFree struct{}

func (allFree) Reserve(netip.AddrPort) (func() error, error) {
	return func() error { return nil }, nil
}

// A vethRoute is a route over a real interface.
type vethRoute struct{ route }

func (r vethRoute) Resolve(ctx context.Context, dst, src netip.Addr, ifname string) (link.Hop, error) {
	h, err := r.route.Resolve(ctx, dst, src, ifname)
	h.Interface = "veth0"
	return h, err
}

// BenchmarkManyConnectionsVeth is BenchmarkManyConnections over a veth pair. The
// kernels have no address, so that they need no guard.
func BenchmarkManyConnectionsVeth(b *testing.B) {
	for b.Loop() {
		near, far := hosttest.Wired(b)
		client := openAlone(b, near, far, client4)
		server := openAlone(b, far, near, server4)
		manyAtOnce(b, client, server)
	}
}

// openAlone opens a stack whose address the kernel does not have.
func openAlone(b *testing.B, h, peer *hosttest.Host, addr netip.Addr) (s *endpoint.Stack) {
	b.Helper()
	way := vethRoute{route{from4: addr, own: wire.MAC(h.MAC("veth0")), peer: wire.MAC(peer.MAC("veth0"))}}
	h.Do(func() (err error) {
		s, err = endpoint.Open("veth0", endpoint.Config{
			Local: []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, Router: way, Ports: allFree{},
		})
		return err
	})
	b.Cleanup(func() { s.Close() })
	return s
}
