package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake/load"
	"tfocraft/handshake/load/runner"
	"tfocraft/iptables"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/pcapng"
)

// A loader is one tfo load.
type loader struct {
	*loadPlan
	cmd    *cobra.Command
	hop    link.Hop
	own    []netip.Addr // clients that are this host's addresses
	guard  *portGuard
	ob     *observer
	output loadOutput
}

func runLoad(cmd *cobra.Command, flags *loadFlags, target string) (err error) {
	plan, err := flags.plan(cmd)
	if err != nil {
		return err
	}
	l := &loader{loadPlan: plan, cmd: cmd}
	network, want := "ip", ""
	switch {
	case flags.ipv4:
		network, want = "ip4", "-4"
	case flags.ipv6:
		network, want = "ip6", "-6"
	case plan.Clients != nil && plan.Clients.Is4():
		network, want = "ip4", "--clients"
	case plan.Clients != nil:
		network, want = "ip6", "--clients"
	}
	if l.Server, err = lookUp(cmd.Context(), target, network, want); err != nil {
		return err
	}
	if err := plan.mint(l.Server.Addr()); err != nil {
		return err
	}
	flags.keys.warnExposed(cmd)
	if flags.pcapOut != "" {
		return l.write()
	}
	return l.send()
}

// write puts the SYNs into a file. It needs neither network nor privilege: who
// would send them from where is made up.
func (l *loader) write() error {
	version, headers := 4, wire.IPv4Len+wire.HeaderLen
	if l.Server.Addr().Is6() {
		version, headers = 6, wire.IPv6Len+wire.HeaderLen
	}
	l.hop = link.Hop{
		Interface: "pcap-out", MTU: 1500, AdvMSS: 1500 - headers, Source: exampleSource(l.Server.Addr()).Addr(),
		Header: link.AppendHeader(nil, wire.MAC{2, 0, 0, 0, 0, 2}, wire.MAC{2, 0, 0, 0, 0, 1}, version),
	}
	if err := l.complete(); err != nil {
		return err
	}
	f, err := os.Create(l.flags.pcapOut)
	if err != nil {
		return fmt.Errorf("--pcap-out: %w", err)
	}
	w, err := pcapng.NewWriter(f, pcapng.Interface{Name: l.hop.Interface, LinkType: wire.LinkEthernet})
	var figures runner.Figures
	if err == nil {
		figures, err = runner.Write(l.cmd.Context(), l.Config, func(frame []byte, at time.Time) error {
			return w.Write(frame, at, 0, pcapng.Out)
		})
		err = errors.Join(err, w.Flush())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("--pcap-out: %w", err)
	}
	l.output.begin(l)
	return l.output.result(l, "run", l.Mode, figures)
}

// send looks at the network, learns cookies if that is asked for, and sends.
func (l *loader) send() (err error) {
	ctx := l.cmd.Context()
	if err := l.route(ctx); err != nil {
		return err
	}
	if err := l.complete(); err != nil {
		return err
	}
	if err := l.protect(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.guard.close()) }()
	if l.ob, err = l.flags.observe.open(l.cmd.ErrOrStderr(), l.hop.Interface); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.ob.close()) }()
	defer l.output.end()
	if l.cookies == "learn" {
		if figures, err := l.learn(ctx); err != nil || l.Learn.Len() == 0 || ctx.Err() != nil {
			return l.failedLearning(figures, err)
		}
	}
	return l.load(ctx)
}

// route finds the way to the server and which clients are this host.
func (l *loader) route(ctx context.Context) error {
	r, err := link.NewResolver()
	if err != nil {
		return err
	}
	defer r.Close()
	if l.Clients == nil {
		if l.hop, err = r.Resolve(ctx, l.Server.Addr(), netip.Addr{}, l.flags.ifname); err != nil {
			return err
		}
		l.own = []netip.Addr{l.hop.Source}
		return nil
	}
	if l.own, err = ownClients(l.Clients); err != nil {
		return err
	}
	spoofed := l.Clients.Len() - len(l.own)
	if spoofed > 0 && public(l.Server.Addr()) && !l.flags.allowPublic {
		return withHint(usagef("%v is public, and %d of the clients are not addresses of this host: the answers would hit somebody else",
			l.Server.Addr(), spoofed), "--allow-public sends to it all the same")
	}
	if a, ok := publicClient(l.Clients, l.own); ok && !l.flags.allowPublic {
		return withHint(usagef("--clients: %v is public and not an address of this host: what %v answers would hit somebody else", a, l.Server.Addr()),
			"--allow-public sends from it all the same")
	}
	var from netip.Addr // the kernel knows no route from a forged address
	if len(l.own) > 0 {
		from = l.own[0]
	}
	l.hop, err = r.Resolve(ctx, l.Server.Addr(), from, l.flags.ifname)
	if err == nil && l.hop.Loopback && spoofed > 0 {
		return usagef("%v is this host itself, and answers to %v do not come back over loopback: leave --clients out, or use a namespace",
			l.Server.Addr(), l.Clients)
	}
	if err != nil || spoofed == 0 {
		return err
	}
	next := nextHop(l.Server.Addr(), l.flags.ifname)
	if _, ok := l.Clients.Index(next); ok && next != l.Server.Addr() && !slices.Contains(l.own, next) {
		return usagef("--clients: %v contains %v, the router on the way to %v: nobody would reach it any more", l.Clients, next, l.Server.Addr())
	}
	return nil
}

// siteBlocks are whole blocks of addresses that are not [public]: most clients are in
// one of them, and need not be looked at one by one.
var siteBlocks = append([]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
}, notPublic...)

// publicClient returns a client whose address is public and not one of own, if there
// is any.
func publicClient(c *load.Clients, own []netip.Addr) (netip.Addr, bool) {
	for _, p := range c.Prefixes() {
		inside := func(block netip.Prefix) bool { return block.Bits() <= p.Bits() && block.Contains(p.Addr()) }
		if slices.ContainsFunc(siteBlocks, inside) {
			continue
		}
		for a := p.Addr(); a.IsValid() && p.Contains(a); a = a.Next() {
			if _, ok := c.Index(a); ok && public(a) && !slices.Contains(own, a) {
				return a, true
			}
		}
	}
	return netip.Addr{}, false
}

// ownClients returns the clients whose address this host has.
func ownClients(c *load.Clients) ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var own []netip.Addr
	for _, a := range addrs {
		prefix, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, _ := netip.AddrFromSlice(prefix.IP)
		addr = addr.Unmap()
		if _, ok := c.Index(addr); ok {
			own = append(own, addr)
		}
	}
	return own, nil
}

// ownPorts are above those that the kernel gives to its own connections
// (net.ipv4.ip_local_port_range): each takes a rule of the guard.
var ownPorts = load.Ports{First: 61000, Last: 61127}

// complete fills in what depends on the way to the server, and checks the whole.
func (l *loader) complete() (err error) {
	if l.Clients == nil {
		if l.Clients, err = load.ClientsOf(l.hop.Source.WithZone("")); err != nil {
			return err
		}
	}
	if l.anyPorts && len(l.own) > 0 {
		l.Ports = ownPorts
	}
	l.Server = netip.AddrPortFrom(l.Server.Addr().WithZone(""), l.Server.Port())
	headers := wire.IPv4Len + wire.HeaderLen
	if l.Server.Addr().Is6() {
		headers = wire.IPv6Len + wire.HeaderLen
	}
	l.Header, l.MSS, l.OneHost = l.hop.Header, l.hop.MTU-headers, l.hop.Loopback
	if !l.hasForm {
		if l.Form, err = load.ProfileForm(l.profile, l.hop.AdvMSS, l.Server.Addr().Is6(), l.flags.experimental, l.Seed); err != nil {
			return err
		}
	}
	if l.cookies == "learn" {
		l.Learn = load.NewJar(l.Clients.Len())
		l.Cookies = l.Learn
	}
	if err := l.Config.Check(); err != nil {
		return usagef("%w", err)
	}
	if inSyn, all := l.Split(); l.Mode == load.Exchange && inSyn < all {
		complain(l.cmd.ErrOrStderr(), "%d bytes do not fit a SYN: %d go in it, the rest when the server has answered", all, inSyn)
	}
	if pairs := l.pairs(); l.Concurrency > pairs {
		return usagef("--concurrency: %d exchanges at a time, and there are %d pairs of client address and port", l.Concurrency, pairs)
	}
	return nil
}

// pairs is how many pairs of client address and port there are.
func (l *loader) pairs() int {
	ports := l.Ports
	if ports == (load.Ports{}) {
		ports = load.Ports{First: 1024, Last: 65535}
	}
	return l.Clients.Len() * ports.Len()
}

// maxGuardRules bounds what the kernel has to go through for each packet.
const maxGuardRules = 1024

// protect keeps the kernel from resetting clients that are this host. What comes for
// others it drops, unless it forwards.
func (l *loader) protect(ctx context.Context) (err error) {
	if len(l.own) < l.Clients.Len() {
		l.warnForwarding()
	}
	if len(l.own) == 0 {
		return nil
	}
	if l.guard, err = l.flags.guard.new(ctx, iptables.ModeRST, l.hop.Loopback); err != nil || l.guard == nil {
		return err
	}
	if n := len(l.own) * l.Ports.Len(); n > maxGuardRules {
		return errors.Join(withHint(usagef("%d clients are this host, and %d ports of each need a rule of the guard: %d at most",
			len(l.own), l.Ports.Len(), maxGuardRules), "give fewer --ports, or --clients that are not this host's, or --guard none"), l.guard.close())
	}
	for _, a := range l.own {
		for port := int(l.Ports.First); port <= int(l.Ports.Last); port++ {
			if _, err := l.guard.Protect(netip.AddrPortFrom(a, uint16(port)), l.Server); err != nil {
				return errors.Join(err, l.guard.close())
			}
		}
	}
	return nil
}

func (l *loader) warnForwarding() {
	name := "net/ipv4/ip_forward"
	if l.Server.Addr().Is6() {
		name = "net/ipv6/conf/all/forwarding"
	}
	if on, err := readSysctl(name); err == nil && on != 0 {
		complain(l.cmd.ErrOrStderr(), "this host forwards what it gets for the clients (%s): it may answer, or send it round in circles", name)
	}
}

// runnerConfig is the run of an engine.
func (l *loader) runnerConfig(c load.Config, phase string) runner.Config {
	r := runner.Config{
		Load: c, Interface: l.hop.Interface, CPUs: l.cpus, Neighbours: l.flags.answerARP,
		Capture: l.capture(),
		Opened:  func() { l.output.begin(l) },
		Report:  func(s runner.Second) { l.output.second(l, phase, c, s) },
		Warn:    func(err error) { l.output.warn(l, err) },
	}
	return r
}

// capture shows frames to the observer.
func (l *loader) capture() func(frame []byte, at time.Time, outgoing bool) {
	keep, show := l.ob.frame(), l.ob.segment()
	if keep == nil && show == nil {
		return nil
	}
	return func(frame []byte, at time.Time, outgoing bool) {
		if keep != nil {
			keep(frame, at, outgoing)
		}
		if show == nil {
			return
		}
		if p, err := wire.ParseFrame(frame); err == nil {
			show(at, outgoing, &p)
		}
	}
}

// learn asks for a cookie for each client.
func (l *loader) learn(ctx context.Context) (runner.Figures, error) {
	c := l.Config
	c.Mode, c.Cookies, c.Mutations = load.Request, nil, nil
	c.Rate, c.Ramp, c.Duration, c.Concurrency = 0, 0, 0, learnConcurrency
	c.Count, c.MaxTimeouts = uint64(c.Clients.Len()), learnTimeouts
	r := l.runnerConfig(c, "learn")
	r.CPUs = nil
	if len(l.cpus) > 0 {
		r.CPUs = l.cpus[:1]
	}
	figures, err := runner.Run(ctx, r)
	l.output.learnt(l, figures)
	return figures, err
}

// learnConcurrency is few enough for the backlog of a small server.
const learnConcurrency = 64

// learnTimeouts is how many silent clients end learning: by then it has waited 16 times
// for --timeout.
const learnTimeouts = 16 * learnConcurrency

// failedLearning ends a run that has no cookies to show, or is interrupted before it
// shows any.
func (l *loader) failedLearning(figures runner.Figures, err error) error {
	if figures.Sent == 0 && err != nil {
		return err
	}
	if err == nil && l.cmd.Context().Err() == nil {
		err = l.failure(figures.Counters)
	}
	return errors.Join(l.output.result(l, "learn", load.Request, figures), err)
}

// load sends, and prints the figures also if something went wrong.
func (l *loader) load(ctx context.Context) error {
	r := l.runnerConfig(l.Config, "run")
	r.Deaf = l.deaf
	figures, err := runner.Run(ctx, r)
	if figures.Sent == 0 && err != nil {
		return err
	}
	printed := l.output.result(l, "run", l.Mode, figures)
	if err == nil && ctx.Err() == nil {
		err = l.judge(figures)
	}
	return errors.Join(printed, err)
}

// judge says whether the run has done anything.
func (l *loader) judge(f runner.Figures) error {
	switch {
	case f.SendErrors > 0 && f.SendErrors >= f.Sent:
		return errors.New("nothing could be sent")
	case f.GaveUp && f.SynAcks+f.Resets > 0:
		return fmt.Errorf("%v answers no more: stopped after %d exchanges, of which %d timed out", l.Server, f.Sent, f.Timeouts)
	case l.Mode == load.Syn || f.Completed > 0 || len(l.Mutations) > 0 && f.SynAcks+f.Resets > 0:
		return nil
	}
	return l.failure(f.Counters)
}

// failure says why nothing came of it.
func (l *loader) failure(c load.Counters) error {
	switch {
	case c.SynAcks == 0 && c.Resets == 0:
		err := fmt.Errorf("%v is silent: %d SYNs, and no answer", l.Server, c.Sent+c.Retransmits)
		if len(l.own) < l.Clients.Len() && !l.flags.answerARP {
			return withHint(err, "answers need a way to the clients: a route to them at the other end, or --answer-arp")
		}
		return err
	case c.SynAcks == 0:
		return fmt.Errorf("%v resets what it gets: %d of %d", l.Server, c.Resets, c.Sent)
	case c.NoCookie > 0 && c.Cookies == 0:
		return withHint(fmt.Errorf("%v gives no cookies: %d answers without one", l.Server, c.NoCookie),
			"Fast Open is off there; --cookies none sends data without")
	}
	return fmt.Errorf("of %d exchanges with %v none was completed", c.Sent, l.Server)
}
