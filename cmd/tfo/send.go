package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tfocraft/iptables"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// sendOptions say how a crafted packet is sent.
type sendOptions struct {
	ifname      string
	wait        time.Duration
	allowPublic bool
	guard       guardChoice
}

func (o *sendOptions) add(f *pflag.FlagSet) {
	f.StringVarP(&o.ifname, "interface", "i", "", "with --send: the `INTERFACE` to send from")
	f.DurationVar(&o.wait, "wait", 0, "with --send: show what comes back within this time")
	f.BoolVar(&o.allowPublic, "allow-public", false, "with --send: allow a forged source towards a public address")
	o.guard.add(f)
}

// send sends the packet that build makes for a source address.
func (o *sendOptions) send(cmd *cobra.Command, src, dst netip.AddrPort, build func(netip.AddrPort) (wire.Packet, error)) error {
	hop, own, err := o.route(cmd.Context(), src.Addr(), dst.Addr())
	if err != nil {
		return err
	}
	if !src.IsValid() {
		src = netip.AddrPortFrom(hop.Source, uint16(32768+rand.IntN(28232)))
	}
	p, err := build(src)
	if err != nil {
		return err
	}
	from, to := p.Addrs()
	if (!own || from != src.Addr()) && public(to) && !o.allowPublic {
		return usagef("%s is not an address of this host and %s is public: the answer would hit somebody else (--allow-public sends it all the same)", from, to)
	}
	l, err := link.Open(hop.Interface, &link.Config{Filter: &link.Filter{
		Addrs: []netip.Addr{src.Addr()}, Ports: []link.PortRange{link.Port(src.Port())}, ICMP: true,
	}})
	if err != nil {
		return err
	}
	defer l.Close()
	if own && o.wait > 0 {
		release, err := o.guard.open(cmd.Context(), src, hop.Loopback)
		if err != nil {
			return err
		}
		defer release()
	}
	frame := p.Append(append([]byte(nil), hop.Header...))
	if _, err := l.WriteFrames([][]byte{frame}); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "> %v\n", &p)
	return o.show(cmd, l, src)
}

// route finds the way and says whether the source is this host's own.
func (o *sendOptions) route(ctx context.Context, src, dst netip.Addr) (link.Hop, bool, error) {
	r, err := link.NewResolver()
	if err != nil {
		return link.Hop{}, false, err
	}
	defer r.Close()
	own := !src.IsValid()
	if !own {
		_, err := r.ForAddr(src)
		own = err == nil
	}
	from := src
	if !own {
		from = netip.Addr{} // the kernel knows no route from a forged address
	}
	hop, err := r.Resolve(ctx, dst, from, o.ifname)
	return hop, own, err
}

// show prints what comes back to src until the wait is over.
func (o *sendOptions) show(cmd *cobra.Command, l link.Link, src netip.AddrPort) error {
	if o.wait <= 0 {
		return nil
	}
	stop := context.AfterFunc(cmd.Context(), func() { l.Close() })
	defer stop()
	if err := l.SetReadDeadline(time.Now().Add(o.wait)); err != nil {
		return err
	}
	var batch [16]link.Frame
	for {
		n, err := l.ReadFrames(batch[:])
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range batch[:n] {
			if p, err := wire.ParseFrame(f.Data); err == nil && p.Dst() == src {
				fmt.Fprintf(cmd.OutOrStdout(), "< %v\n", &p)
			}
		}
	}
}

// notPublic are ranges that netip does not know as private: for documentation,
// for benchmarks, and shared by carriers (RFC 5737, RFC 2544, RFC 3849, RFC 6598).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("2001:db8::/32"),
}

// public reports whether packets to the address may leave the site.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guardChoice are the flags for the guard of a command that opens ports.
type guardChoice struct {
	mode, backend string
}

func (g *guardChoice) add(f *pflag.FlagSet) {
	f.StringVar(&g.mode, "guard", "", "how to keep the kernel's resets away: rst, inbound or none (default: rst for clients, inbound for servers)")
	f.StringVar(&g.backend, "backend", "auto", "what the guard works with: auto, iptables or nft")
}

// open protects one local address and port until release is called.
func (g *guardChoice) open(ctx context.Context, local netip.AddrPort, loopback bool) (release func() error, err error) {
	guard, err := g.new(ctx, iptables.ModeRST, loopback)
	if err != nil || guard == nil {
		return func() error { return nil }, err
	}
	if _, err := guard.Protect(local, netip.AddrPort{}); err != nil {
		guard.Close()
		return nil, err
	}
	return guard.close, nil
}
