package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// connectFlags say how tfo connect connects.
type connectFlags struct {
	data         string
	stream       bool // standard input is the data, as it comes
	http         string
	ifname       string
	source       string
	repeat       int
	interval     time.Duration
	cache        string
	noFastOpen   bool
	cookie       string
	noCookie     bool
	experimental bool
	profile      string
	keepOpen     bool
	timeout      time.Duration
	ipv4, ipv6   bool
	json         bool
	guard        guardChoice
	observe      observeFlags
	receiving    receiveFlags
}

func newConnect() *cobra.Command {
	var flags connectFlags
	cmd := &cobra.Command{
		Use:   "connect HOST:PORT",
		Short: "a userspace client: send data, in the SYN if possible, and print the reply",
		Long: `Connects from userspace, sends data and prints what comes back until the server
closes. The first connection to a server asks for a cookie; the cookie is kept in
a file, and the next connection, also of another run, sends its data in the SYN.

With -d the data is there before the connection; "-d -" reads all of standard
input first. Without -d standard input is sent as it comes, as by nc: what is
there within 10 ms may travel in the SYN, its end closes the sending side, and
the end of what the server sends closes the connection.

With --http it gets a URL and prints the body, and on standard error the time of
each step. Redirects are not followed, and any answer counts as done.

Data in a SYN may reach the server's application twice (RFC 7413, section 2.1):
send only what may be acted on twice.

The reply goes to standard output, what became of Fast Open to standard error.
Needs CAP_NET_RAW, and CAP_NET_ADMIN for the guard.`,
		Example: `  tfo connect 192.0.2.2:8080 -d 'Hello, Server'
  tfo connect example.net:80 -d @request.txt --repeat 2 -v
  tfo connect 192.0.2.2:8080 -d hello --cookie 0102030405060708 --json
  tfo connect 192.0.2.2:7 <in.bin >out.bin
  tfo connect 192.0.2.2:8080 --http / --repeat 2
  tfo connect --http http://example.net/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if strings.Contains(flags.http, "://") {
				return optional("HOST:PORT")(cmd, args)
			}
			return one("HOST:PORT")(cmd, args)
		},
	}
	flags.add(cmd)
	exclusive(cmd, "no-fast-open", "cookie", "no-cookie")
	exclusive(cmd, "no-fast-open", "experimental")
	exclusive(cmd, "ipv4", "ipv6")
	exclusive(cmd, "data", "http")
	exclusive(cmd, "http", "keep-open")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		if flags.cookie == "" && cmd.Flags().Changed("cookie") {
			return usagef("--cookie: it is empty; without the flag a request is sent, unless the cache has a cookie")
		}
		if flags.http == "" && cmd.Flags().Changed("http") {
			return usagef("--http: it is empty")
		}
		flags.stream = !cmd.Flags().Changed("data") && !cmd.Flags().Changed("http")
		return connect(cmd, &flags, strings.Join(args, "")) // of one, or none
	})
	return cmd
}

func (c *connectFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.data, "data", "d", "", "what to send: `TEXT`, @FILE, or - for all of standard input (default: that, as it comes)")
	f.StringVar(&c.http, "http", "", "get `URL`, or a path on HOST:PORT, and show the timing")
	f.StringVarP(&c.ifname, "interface", "i", "", "`INTERFACE` to use (default: the one that the route takes)")
	f.StringVar(&c.source, "source", "", "local `ADDR` or ADDR:PORT")
	f.IntVar(&c.repeat, "repeat", 1, "make `N` connections, one after the other")
	f.DurationVar(&c.interval, "interval", 0, "time between two connections")
	f.StringVar(&c.cache, "cache", "", "cookie cache `FILE` (default: tfocraft/cookies.db in the user's cache directory)")
	f.BoolVar(&c.noFastOpen, "no-fast-open", false, "a plain handshake")
	f.StringVar(&c.cookie, "cookie", "", "show this cookie, `HEX` of up to 34 bytes, whatever the cache says")
	f.BoolVar(&c.noCookie, "no-cookie", false, "send the data in the SYN without any cookie (RFC 7413, section 7.3)")
	f.BoolVar(&c.experimental, "experimental", false, "use option 254 with 0xF989 instead of option 34")
	f.StringVar(&c.profile, "profile", "linux", "`NAME` of the stack whose SYN this one has: linux or freebsd")
	choices(cmd, "profile", "linux", "freebsd")
	f.BoolVar(&c.keepOpen, "keep-open", false, "do not close the sending side after the data")
	f.DurationVar(&c.timeout, "timeout", 10*time.Second, "bound on each connection; if standard input is sent as it comes,\non the handshake, and on silence after its end")
	f.BoolVarP(&c.ipv4, "ipv4", "4", false, "use an IPv4 address of HOST")
	f.BoolVarP(&c.ipv6, "ipv6", "6", false, "use an IPv6 address of HOST")
	f.BoolVar(&c.json, "json", false, "print one JSON object for each connection instead of the reply")
	c.guard.add(cmd)
	c.observe.add(f)
	c.receiving.add(f)
}

// connect makes the connections. With --json there is a line also if it does
// not come to the first one.
func connect(cmd *cobra.Command, flags *connectFlags, target string) error {
	c := &client{flags: flags, cmd: cmd}
	err := c.run(target)
	if err != nil && flags.json && c.made == 0 && classify(err).code != exitUsage {
		r := newResult(1, target)
		r.Error, _ = words(err)
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	}
	return err
}

// dialer checks the flags and makes a dialer without a stack of them.
func (c *connectFlags) dialer() (endpoint.Dialer, error) {
	d := endpoint.Dialer{FastOpen: handshake.ClientOn, Experimental: c.experimental}
	d.Machine.TimeWait = lingerTime
	var err error
	if d.Machine.Profile, err = handshake.ParseProfile(c.profile); err != nil {
		return d, usagef("--profile: %w", err)
	}
	switch {
	case c.repeat < 1:
		return d, usagef("--repeat: %d is not a number of connections", c.repeat)
	case c.stream && c.repeat > 1:
		return d, usagef("--repeat: standard input can be sent only once; give the data with -d")
	case c.timeout <= 0:
		return d, usagef("--timeout: %v is no time to wait for", c.timeout)
	case c.interval < 0:
		return d, usagef("--interval: %v is no time to wait for", c.interval)
	case c.noFastOpen:
		d.FastOpen = handshake.ClientOff
	case c.noCookie:
		d.FastOpen = handshake.ClientNoCookie
	}
	if c.cookie != "" {
		if d.Cookie, err = cookie.Parse(c.cookie); err != nil {
			return d, usagef("--cookie: %w", err)
		}
		if err := makeRoom(&d); err != nil {
			return d, err
		}
	}
	if c.source != "" {
		if d.Source, err = parseSource(c.source); err != nil {
			return d, err
		}
	}
	return d, errors.Join(c.guard.check(), c.receiving.check())
}

// makeRoom leaves out of the SYN what a cookie longer than RFC 7413 allows has
// no room beside.
func makeRoom(d *endpoint.Dialer) error {
	// The room that the option needs, its padding included.
	option := wire.FastOpen{Present: true, Experimental: d.Experimental, Cookie: d.Cookie.Append(nil)}
	need := (option.WireLen() + 3) &^ 3
	const (
		mss   = 4
		scale = 4  // with the padding
		times = 12 // timestamps and SACK permitted
	)
	room := wire.MaxOptionsLen - mss
	if need > room {
		return usagef("--cookie: %d bytes have no room beside the MSS in a SYN; tfo craft sends them", d.Cookie.Len())
	}
	d.Machine.NoTimestamps = need > room-scale-times
	d.Machine.NoSACK = d.Machine.NoTimestamps
	d.Machine.NoWindowScale = need > room-scale
	return nil
}

// resolve finds the address to connect to, of the source's family if there is
// one.
func (c *connectFlags) resolve(ctx context.Context, target string, source netip.Addr) (netip.AddrPort, error) {
	switch {
	case c.ipv4:
		return lookUp(ctx, target, "ip4", "-4")
	case c.ipv6:
		return lookUp(ctx, target, "ip6", "-6")
	case source.Is4():
		return lookUp(ctx, target, "ip4", "--source "+c.source)
	case source.Is6():
		return lookUp(ctx, target, "ip6", "--source "+c.source)
	}
	return lookUp(ctx, target, "ip", "")
}

// lookUp finds the address that HOST:PORT stands for. Network is ip, or ip4 or ip6
// because of what the user wants.
func lookUp(ctx context.Context, target, network, want string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(target)
	if err != nil || host == "" {
		return netip.AddrPort{}, usagef("%q is not HOST:PORT", target)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil || port == 0 {
		return netip.AddrPort{}, usagef("%q is not a port", service)
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		if literal = literal.Unmap(); want != "" && literal.Is4() != (network == "ip4") {
			return netip.AddrPort{}, usagef("%s and %s are not of one family", want, host)
		}
		return netip.AddrPortFrom(literal, uint16(port)), nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addrs[0].Unmap(), uint16(port)), nil
}
