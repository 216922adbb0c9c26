// Command gvisor sends or receives a bulk transfer with gVisor's network stack over an AF_PACKET socket, set up as
// `runsc --network=sandbox` does it. Every choice that bears on speed is a flag; the defaults are what was fastest
// (docs/benchmarks.md).
package main

import (
	"context"
	"errors"
	"flag"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"tfocraft/scripts/bench/internal/bulk"
)

func main() {
	var c config
	c.register(flag.CommandLine)
	bulk.Main(func(o bulk.Options) (bulk.Stack, error) {
		s, err := c.open(o)
		if err != nil {
			return nil, err
		}
		return netstack{s}, nil
	})
}

// netstack makes connections of a stack with one interface.
type netstack struct{ *stack.Stack }

func (s netstack) Dial(ctx context.Context, peer netip.AddrPort) (net.Conn, error) {
	return gonet.DialContextTCP(ctx, s.Stack, fullAddress(peer), protocol(peer.Addr()))
}

func (s netstack) Listen(local netip.AddrPort) (net.Listener, error) {
	return gonet.ListenTCP(s.Stack, fullAddress(local), protocol(local.Addr()))
}

func (s netstack) Close() error {
	s.Stack.Close()
	return nil
}

func fullAddress(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: nicID, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}
}

func protocol(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is6() {
		return ipv6.ProtocolNumber
	}
	return ipv4.ProtocolNumber
}

// failed makes an error of one of gVisor's, which are not; nil stays nil.
func failed(err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return errors.New(err.String())
}
