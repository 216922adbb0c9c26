// Command peer sends or receives a bulk transfer with one of two stacks: tfocraft's, or the kernel's.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"

	"tfocraft/scripts/bench/internal/bulk"
)

func main() {
	kind := flag.String("stack", "ours", "ours or kernel")
	bulk.Main(func(o bulk.Options) (bulk.Stack, error) {
		switch *kind {
		case "ours":
			return openOurs(o)
		case "kernel":
			return kernel{}, nil
		}
		return nil, fmt.Errorf("stack %q is not ours or kernel", *kind)
	})
}

// kernel is the host's own TCP.
type kernel struct{}

func (kernel) Dial(ctx context.Context, peer netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", peer.String())
}

func (kernel) Listen(local netip.AddrPort) (net.Listener, error) {
	return net.Listen("tcp", local.String())
}

func (kernel) Close() error { return nil }
