package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// connectFlags say how tfo connect connects.
type connectFlags struct {
	data         string
	ifname       string
	source       string
	repeat       int
	interval     time.Duration
	cache        string
	noFastOpen   bool
	cookie       string
	noCookie     bool
	experimental bool
	keepOpen     bool
	timeout      time.Duration
	ipv4, ipv6   bool
	json         bool
	guard        guardChoice
	observe      observeFlags
}

func newConnect() *cobra.Command {
	var flags connectFlags
	cmd := &cobra.Command{
		Use:   "connect HOST:PORT",
		Short: "a userspace client: send data, in the SYN if possible, and print the reply",
		Long: `Connects from userspace, sends the data, prints what comes back until the server
closes. The first connection to a server asks for a cookie; the cookie is kept in
a file, and the next connection, also of another run, sends its data in the SYN.

Data in a SYN may reach the server's application twice (RFC 7413, section 2.1):
send only what may be acted on twice.

The reply goes to standard output, what became of Fast Open to standard error.
Needs CAP_NET_RAW, and CAP_NET_ADMIN for the guard.`,
		Example: `  tfo connect 192.0.2.2:8080 -d 'Hello, Server'
  tfo connect example.net:80 -d @request.txt --repeat 2 -v
  tfo connect 192.0.2.2:8080 -d hello --cookie 0102030405060708 --json`,
		Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVarP(&flags.data, "data", "d", "", "what to send: `TEXT`, @FILE, or - for standard input")
	f.StringVarP(&flags.ifname, "interface", "i", "", "`INTERFACE` to use (default: the one that the route takes)")
	f.StringVar(&flags.source, "source", "", "local `ADDR` or ADDR:PORT")
	f.IntVar(&flags.repeat, "repeat", 1, "how many connections, one after the other")
	f.DurationVar(&flags.interval, "interval", 0, "time between two connections")
	f.StringVar(&flags.cache, "cache", "", "cookie cache `FILE` (default: tfocraft/cookies.db in the user's cache directory)")
	f.BoolVar(&flags.noFastOpen, "no-fast-open", false, "a plain handshake")
	f.StringVar(&flags.cookie, "cookie", "", "show this cookie, `HEX` of up to 38 bytes, whatever the cache says")
	f.BoolVar(&flags.noCookie, "no-cookie", false, "send the data in the SYN without any cookie (RFC 7413, section 7.3)")
	f.BoolVar(&flags.experimental, "experimental", false, "use option 254 with 0xF989 instead of option 34")
	f.BoolVar(&flags.keepOpen, "keep-open", false, "do not close the sending side after the data")
	f.DurationVar(&flags.timeout, "timeout", 10*time.Second, "bound on each connection")
	f.BoolVarP(&flags.ipv4, "ipv4", "4", false, "use an IPv4 address of HOST")
	f.BoolVarP(&flags.ipv6, "ipv6", "6", false, "use an IPv6 address of HOST")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each connection instead of the reply")
	flags.guard.add(f)
	flags.observe.add(f)
	cmd.MarkFlagsMutuallyExclusive("no-fast-open", "cookie", "no-cookie")
	cmd.MarkFlagsMutuallyExclusive("no-fast-open", "experimental")
	cmd.MarkFlagsMutuallyExclusive("ipv4", "ipv6")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error { return connect(cmd, &flags, args[0]) })
	return cmd
}

func connect(cmd *cobra.Command, flags *connectFlags, target string) (err error) {
	dialer, err := flags.dialer()
	if err != nil {
		return err
	}
	data, err := readData(flags.data, cmd.InOrStdin())
	if err != nil {
		return usagef("-d: %w", err)
	}
	remote, err := flags.resolve(cmd.Context(), target)
	if err != nil {
		return err
	}
	stack, ob, err := flags.open(cmd, remote, &dialer)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, stack.shutdown(), ob.close())
	}()
	dialer.Stack = stack.Stack
	return flags.repeatedly(cmd, &dialer, remote, data)
}

// dialer checks the flags and makes a dialer without a stack of them.
func (c *connectFlags) dialer() (endpoint.Dialer, error) {
	d := endpoint.Dialer{FastOpen: handshake.ClientOn, Experimental: c.experimental}
	// Nobody waits for stray segments of a program that has ended; the kernel
	// answers those, once the guard is gone.
	d.Machine.TimeWait = -1
	if c.repeat < 1 {
		return d, usagef("--repeat: %d is not a number of connections", c.repeat)
	}
	if c.timeout <= 0 {
		return d, usagef("--timeout: %v is no time", c.timeout)
	}
	switch {
	case c.noFastOpen:
		d.FastOpen = handshake.ClientOff
	case c.noCookie:
		d.FastOpen = handshake.ClientNoCookie
	}
	if c.cookie != "" {
		var err error
		if d.Cookie, err = cookie.Parse(c.cookie); err != nil {
			return d, usagef("--cookie: %w", err)
		}
	}
	if c.source != "" {
		var err error
		if d.Source, err = parseSource(c.source); err != nil {
			return d, err
		}
	}
	if c.noFastOpen {
		return d, nil
	}
	cache, err := openCache(c.cache)
	if err != nil {
		return d, err
	}
	d.Cache = cache
	return d, nil
}

// parseSource reads ADDR or ADDR:PORT.
func parseSource(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 0), nil
	}
	return parseAddrPort("--source", text)
}

// resolve finds the address to connect to.
func (c *connectFlags) resolve(ctx context.Context, target string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(target)
	if err != nil || host == "" {
		return netip.AddrPort{}, usagef("%q is not HOST:PORT", target)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil || port == 0 {
		return netip.AddrPort{}, usagef("%q is not a port", service)
	}
	network := "ip"
	switch {
	case c.ipv4:
		network = "ip4"
	case c.ipv6:
		network = "ip6"
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addrs[0].Unmap(), uint16(port)), nil
}

// open starts an endpoint on the interface that leads to the server.
func (c *connectFlags) open(cmd *cobra.Command, remote netip.AddrPort, d *endpoint.Dialer) (*guardedStack, *observer, error) {
	hop, err := findHop(cmd.Context(), remote.Addr(), d.Source.Addr(), c.ifname)
	if err != nil {
		return nil, nil, err
	}
	guard, err := c.guard.new(cmd.Context(), iptables.ModeRST, hop.Loopback)
	if err != nil {
		return nil, nil, err
	}
	ob, err := c.observe.open(cmd.ErrOrStderr(), hop.Interface)
	if err != nil {
		return nil, nil, errors.Join(err, guard.close())
	}
	stack, err := openStack(hop.Interface, nil, guard, ob)
	if err != nil {
		return nil, nil, errors.Join(err, guard.close(), ob.close())
	}
	return stack, ob, nil
}

func findHop(ctx context.Context, dst, src netip.Addr, ifname string) (link.Hop, error) {
	r, err := link.NewResolver()
	if err != nil {
		return link.Hop{}, err
	}
	defer r.Close()
	return r.Resolve(ctx, dst, src, ifname)
}

// repeatedly makes the connections and prints what became of them. It fails if
// one of them did.
func (c *connectFlags) repeatedly(cmd *cobra.Command, d *endpoint.Dialer, remote netip.AddrPort, data []byte) error {
	var failed error
	for attempt := range c.repeat {
		if attempt > 0 {
			select {
			case <-cmd.Context().Done():
				return context.Cause(cmd.Context())
			case <-time.After(c.interval):
			}
		}
		reply := cmd.OutOrStdout()
		if c.json {
			reply = io.Discard
		}
		r, err := c.exchange(cmd.Context(), d, remote, data, reply)
		r.Attempt = attempt + 1
		if err != nil {
			r.Error, failed = err.Error(), err
		}
		if c.json {
			err = printJSON(cmd.OutOrStdout(), r)
		} else {
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%v\n", &r)
		}
		if err != nil {
			return err
		}
	}
	if failed != nil {
		return errors.Join(errSilent, failed)
	}
	return nil
}

// exchange is one connection from SYN to end.
func (c *connectFlags) exchange(ctx context.Context, d *endpoint.Dialer, remote netip.AddrPort, data []byte, reply io.Writer) (r result, err error) {
	r.Remote = remote.String()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", remote.String(), data)
	if err != nil {
		if h, ok := errors.AsType[*endpoint.HandshakeError](err); ok {
			r.setFastOpen(h.Info)
		}
		if o, ok := errors.AsType[*net.OpError](err); ok && o.Source != nil {
			r.Local = o.Source.String()
		}
		return r, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	r.Local = conn.LocalAddr().String()
	err = c.converse(conn, &r, reply)
	info, timing := conn.Info(), conn.Timing()
	r.setFastOpen(info)
	r.HandshakeUS = micros(timing.Syn, timing.Established)
	r.FirstByteUS = micros(timing.Syn, timing.FirstByte)
	r.Sent, r.Received = info.Sent, info.Received
	return r, errors.Join(err, conn.Close())
}

// converse closes the sending side and reads to the end.
func (c *connectFlags) converse(conn *endpoint.Conn, r *result, reply io.Writer) error {
	if !c.keepOpen {
		if err := conn.CloseWrite(); err != nil {
			return err
		}
	}
	head := headWriter{limit: replyKept}
	_, err := io.Copy(io.MultiWriter(reply, &head), conn)
	r.Reply = head.kept
	return err
}

// A headWriter keeps the beginning of what is written to it.
type headWriter struct {
	limit int
	kept  []byte
}

func (h *headWriter) Write(b []byte) (int, error) {
	h.kept = append(h.kept, b[:min(len(b), h.limit-len(h.kept))]...)
	return len(b), nil
}
