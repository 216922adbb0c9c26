package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/wire/link"
)

// dumpFlags choose what of an interface's frames is explained, and for how long.
type dumpFlags struct {
	viewFlags
	ifname   string
	all      bool
	host     string
	port     uint16
	count    int
	duration time.Duration
	pcap     string
}

func newDump() *cobra.Command {
	var flags dumpFlags
	cmd := &cobra.Command{
		Use:   "dump -i INTERFACE",
		Short: "tell what the segments on an interface are for, as they pass",
		Long: `Watches an interface of this host and tells for every TCP segment what it is
for, as "tfo explain" does for a capture: of connections whose SYN or SYN-ACK
has a Fast Open option, or data, and ICMP errors about them. --all shows every
frame.

It ends after --count or --duration, or when interrupted, and then tells what
became of Fast Open on each connection, and whether the kernel lost frames
because they came faster than they could be shown. It needs CAP_NET_RAW and
sends nothing.`,
		Example: `  tfo dump -i eth0
  tfo dump -i lo --port 8080 --pcap story.pcapng
  tfo dump -i eth0 --duration 10s --json`,
		Args: none,
	}
	flags.viewFlags.add(cmd)
	f := cmd.Flags()
	f.StringVarP(&flags.ifname, "interface", "i", "", "watch interface `NAME`")
	f.BoolVar(&flags.all, "all", false, "show every frame, not only connections with Fast Open")
	f.StringVar(&flags.host, "host", "", "only what goes to `ADDR` or comes from it")
	f.Uint16Var(&flags.port, "port", 0, "only what goes to port `N` or comes from it; with --host, of that host")
	f.IntVar(&flags.count, "count", 0, "end when `N` frames have been shown")
	f.DurationVar(&flags.duration, "duration", 0, "end after this `TIME`")
	f.StringVarP(&flags.pcap, "pcap", "w", "", "keep what is shown in `FILE` (pcapng, for Wireshark)")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) })
	return cmd
}

func (d *dumpFlags) run(cmd *cobra.Command) (err error) {
	filter, err := d.filter(cmd)
	if err != nil {
		return err
	}
	e, err := newExplainer(cmd, d.viewFlags, d.ifname)
	if err != nil {
		return err
	}
	e.onlyTFO, e.all = !d.all, d.all
	w, err := d.open(cmd, e, filter)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if d.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.duration)
		defer cancel()
	}
	return w.run(ctx)
}

// filter checks what the user asked for, and says what the kernel has to hand over.
func (d *dumpFlags) filter(cmd *cobra.Command) (*link.Filter, error) {
	changed := cmd.Flags().Changed
	switch {
	case d.ifname == "":
		return nil, usagef("which interface: -i NAME; there are: %s", strings.Join(interfaceNames(), ", "))
	case d.ifname == "any":
		return nil, usagef("-i any: one interface is watched at a time; there are: %s", strings.Join(interfaceNames(), ", "))
	case d.count < 1 && changed("count"):
		return nil, usagef("--count: %d frames", d.count)
	case d.duration <= 0 && changed("duration"):
		return nil, usagef("--duration: %v", d.duration)
	case d.port == 0 && changed("port"):
		return nil, usagef("--port: 0 is no port")
	case d.all && d.host == "" && d.port == 0:
		return nil, nil
	}
	f := &link.Filter{ICMP: true, Either: true}
	if d.host != "" {
		a, err := parseAddr("--host", d.host)
		if err != nil {
			return nil, err
		}
		f.Addrs = []netip.Addr{a}
	}
	if d.port != 0 {
		f.Ports = []link.PortRange{link.Port(d.port)}
	}
	return f, nil
}

// interfaceNames are those of this host.
func interfaceNames() (names []string) {
	all, err := net.Interfaces()
	if err != nil {
		return []string{fmt.Sprintf("unknown (%v)", err)}
	}
	for _, ifi := range all {
		names = append(names, ifi.Name)
	}
	return names
}
