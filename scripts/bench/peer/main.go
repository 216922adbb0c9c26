// Command peer is a program around one of two stacks, tfocraft's or the kernel's, for the measurements of
// scripts/bench.sh.
//
//	peer send|receive FLAGS   a bulk transfer, by either stack
//	peer dial FLAGS           one connection after the other, timed, by ours
//	peer serve FLAGS          a listener of ours that keeps connections
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"

	"tfocraft/scripts/bench/internal/bulk"
)

func main() {
	roles := map[string]func(args []string) error{"dial": dial, "serve": serve}
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "peer:", err)
			os.Exit(1)
		}
		return
	}
	kind := flag.String("stack", "ours", "ours or kernel")
	bulk.Main(func(o bulk.Options) (bulk.Stack, error) {
		switch *kind {
		case "ours":
			return openOurs(o, 0, false)
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
