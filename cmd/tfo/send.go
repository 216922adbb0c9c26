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

func (o *sendOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.ifname, "interface", "i", "", "with --send: the `INTERFACE` to send from")
	f.DurationVar(&o.wait, "wait", 0, "with --send: show what comes back within this time")
	f.BoolVar(&o.allowPublic, "allow-public", false, "with --send: allow a forged source towards a public address")
	o.guard.add(cmd)
}

// check finds flags that would have no effect.
func (o *sendOptions) check(cmd *cobra.Command, send bool) error {
	idle := []string{"interface", "wait", "allow-public", "guard", "backend"}
	why := "works with --send only"
	if send {
		idle, why = []string{"format", "out"}, "has no effect with --send"
	}
	for _, name := range idle {
		if cmd.Flags().Changed(name) {
			return usagef("--%s %s", name, why)
		}
	}
	if o.wait < 0 {
		return usagef("--wait: %v is no time to wait for", o.wait)
	}
	return o.guard.check()
}

// send sends the packet that build makes for a source address, and shows what
// comes back.
func (o *sendOptions) send(cmd *cobra.Command, src, dst netip.AddrPort, build func(netip.AddrPort) (wire.Packet, error)) error {
	p, hop, err := o.prepare(cmd.Context(), src, dst, build)
	if err != nil {
		return err
	}
	from := p.Src()
	l, err := link.Open(hop.Interface, &link.Config{Filter: &link.Filter{
		Addrs: []netip.Addr{from.Addr()}, Ports: []link.PortRange{link.Port(from.Port())}, ICMP: true,
	}})
	if err != nil {
		return err
	}
	defer l.Close()
	if o.wait > 0 {
		// The kernel would answer a SYN-ACK with a reset.
		release, err := o.guard.open(cmd.Context(), from, hop.Loopback)
		if err != nil {
			return err
		}
		defer release()
	}
	frame := p.Append(append([]byte(nil), hop.Header...))
	if _, err := l.WriteFrames([][]byte{frame}); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "sent      %v\n", &p); err != nil {
		return err
	}
	return o.show(cmd, l, from)
}

// prepare builds the packet and finds its way, unless it must not be sent.
func (o *sendOptions) prepare(ctx context.Context, src, dst netip.AddrPort, build func(netip.AddrPort) (wire.Packet, error)) (p wire.Packet, hop link.Hop, err error) {
	r, err := link.NewResolver()
	if err != nil {
		return p, hop, err
	}
	defer r.Close()
	if !src.IsValid() {
		if hop, err = r.Resolve(ctx, dst.Addr(), netip.Addr{}, o.ifname); err != nil {
			return p, hop, err
		}
		src = netip.AddrPortFrom(hop.Source, uint16(32768+rand.IntN(28232)))
	}
	if p, err = build(src); err != nil {
		return p, hop, err
	}
	from, to := p.Addrs()
	_, err = r.ForAddr(from)
	own := err == nil
	if !own && public(to) && !o.allowPublic {
		return p, hop, withHint(usagef("%s is not an address of this host and %s is public: the answer would hit somebody else", from, to),
			"--allow-public sends it all the same")
	}
	if !own {
		from = netip.Addr{} // the kernel knows no route from a forged address
	}
	hop, err = r.Resolve(ctx, dst.Addr(), from, o.ifname)
	return p, hop, err
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
	answers := 0
	for {
		n, err := l.ReadFrames(batch[:])
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil {
			return err
		}
		for _, f := range batch[:n] {
			if text := answer(f.Data, src); text != "" {
				answers++
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "received  %s\n", text); err != nil {
					return err
				}
			}
		}
	}
	if answers == 0 {
		complain(cmd.ErrOrStderr(), "nothing came back within %v", o.wait)
	}
	return nil
}

// answer is the text of a frame if that is a segment to src, or an error about
// one from there.
func answer(frame []byte, src netip.AddrPort) string {
	if p, err := wire.ParseFrame(frame); err == nil && p.Dst() == src {
		return p.String()
	}
	if e, err := wire.ParseICMPFrame(frame); err == nil && e.Src == src {
		return fmt.Sprintf("%v ICMP type %d code %d about %v > %v", e.From, e.Type, e.Code, e.Src, e.Dst)
	}
	return ""
}
