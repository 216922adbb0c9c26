package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// listenFlags say how tfo listen listens.
type listenFlags struct {
	reply            string
	echo             bool
	ifname           string
	keys             keyFlags
	maxPending       int
	noFastOpen       bool
	noCookieRequired bool
	experimental     bool
	exitAfter        int
	json             bool
	guard            guardChoice
	observe          observeFlags
}

func newListen() *cobra.Command {
	var flags listenFlags
	cmd := &cobra.Command{
		Use:   "listen [ADDR]:PORT",
		Short: "a userspace server that takes the data of SYNs",
		Long: `Listens in userspace, gives cookies to clients that ask for one, and answers the
data of a SYN with a valid cookie before the handshake is over. Every connection
gets the reply to the first data that it sends, and is closed.

Without -i it listens where ADDR is, and on loopback; without ADDR on every
interface that is up. The key of the cookies is random unless one is given.

A request in a SYN can arrive twice (RFC 7413, section 2.1).
Needs CAP_NET_RAW, and CAP_NET_ADMIN for the guard.`,
		Example: `  tfo listen :8080 --reply 'Hello, Client'
  tfo listen 192.0.2.2:8080 -i eth0 --scheme linux --key "$(sysctl -n net.ipv4.tcp_fastopen_key)"
  tfo listen [::1]:8080 --echo --exit-after 2 -v`,
		Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&flags.reply, "reply", "Hello, Client\n", "what to answer")
	f.BoolVar(&flags.echo, "echo", false, "send everything back until the client closes")
	f.StringVarP(&flags.ifname, "interface", "i", "", "`INTERFACE` to listen on")
	flags.keys.add(f)
	f.IntVar(&flags.maxPending, "max-pending", 256, "connections opened by SYN data that may wait for their ACK (RFC 7413, section 5.1)")
	f.BoolVar(&flags.noFastOpen, "no-fast-open", false, "a plain server")
	f.BoolVar(&flags.noCookieRequired, "no-cookie-required", false, "take data from any SYN (RFC 7413, section 7.3)")
	f.BoolVar(&flags.experimental, "experimental", false, "understand only option 254 with 0xF989; by default that and option 34")
	f.IntVar(&flags.exitAfter, "exit-after", 0, "end after this many connections; 0 means never")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each connection")
	flags.guard.add(f)
	flags.observe.add(f)
	cmd.MarkFlagsMutuallyExclusive("reply", "echo")
	cmd.MarkFlagsMutuallyExclusive("no-fast-open", "no-cookie-required")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error { return listen(cmd, &flags, args[0]) })
	return cmd
}

func listen(cmd *cobra.Command, flags *listenFlags, address string) (err error) {
	gate, err := flags.gate()
	if err != nil {
		return err
	}
	local, err := parseListen(address)
	if err != nil {
		return err
	}
	names, err := flags.interfaces(local.Addr())
	if err != nil {
		return err
	}
	s := &server{flags: flags, cmd: cmd, gate: gate, address: address}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(cmd.Context(), names); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "listening on %s (%s)%s\n", address, strings.Join(names, ", "), flags.describe(gate))
	return s.serve(cmd.Context())
}

// gate turns the flags into what the listener does about Fast Open.
func (l *listenFlags) gate() (handshake.GateConfig, error) {
	g := handshake.GateConfig{
		Enabled: !l.noFastOpen, CookieNotNeeded: l.noCookieRequired, MaxPending: l.maxPending, OnlyExperimental: l.experimental,
	}
	if l.maxPending < 1 {
		return g, usagef("--max-pending: %d is not a number of connections", l.maxPending)
	}
	if l.exitAfter < 0 {
		return g, usagef("--exit-after: %d is not a number of connections", l.exitAfter)
	}
	var err error
	if l.keys.given() {
		g.Keyring, err = l.keys.keyring()
		return g, err
	}
	scheme, err := cookie.ParseScheme(l.keys.scheme)
	if err != nil {
		return g, usagef("%w", err)
	}
	key, err := cookie.NewKey(rand.Reader)
	g.Keyring = cookie.NewKeyring(scheme, key)
	return g, err
}

func (l *listenFlags) describe(g handshake.GateConfig) string {
	switch {
	case !g.Enabled:
		return ", Fast Open off"
	case g.CookieNotNeeded:
		return ", no cookie required"
	}
	return ", cookies by " + g.Keyring.Scheme().Name()
}

// parseListen reads [ADDR]:PORT; the address is not valid if there is none.
func parseListen(text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, usagef("%q is not [ADDR]:PORT", text)
	}
	if host == "" {
		ap, err := netip.ParseAddrPort("0.0.0.0:" + port)
		if err != nil {
			return ap, usagef("%q is not a port", port)
		}
		return netip.AddrPortFrom(netip.Addr{}, ap.Port()), nil
	}
	return parseAddrPort("address", text)
}

// interfaces says where to listen.
func (l *listenFlags) interfaces(addr netip.Addr) ([]string, error) {
	r, err := link.NewResolver()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if l.ifname != "" {
		ifi, err := r.Interface(l.ifname)
		if err != nil {
			return nil, err
		}
		return []string{ifi.Name}, nil
	}
	if !addr.IsValid() || addr.IsUnspecified() {
		return upInterfaces()
	}
	ifi, err := r.ForAddr(addr)
	if err != nil {
		return nil, err
	}
	names := []string{ifi.Name}
	if ifi.Flags&net.FlagLoopback == 0 {
		// What this host sends to its own address goes over loopback.
		loopback, err := loopbackName()
		if err == nil && loopback != "" {
			names = append(names, loopback)
		}
	}
	return names, nil
}

func upInterfaces() ([]string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, ifi := range all {
		if addrs, err := ifi.Addrs(); err == nil && len(addrs) > 0 && ifi.Flags&net.FlagUp != 0 {
			names = append(names, ifi.Name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no interface is up and has an address")
	}
	return names, nil
}

func loopbackName() (string, error) {
	all, err := net.Interfaces()
	for _, ifi := range all {
		if ifi.Flags&net.FlagLoopback != 0 && ifi.Flags&net.FlagUp != 0 {
			return ifi.Name, nil
		}
	}
	return "", err
}

// A server is the listeners of one tfo listen, one for each interface.
type server struct {
	flags   *listenFlags
	cmd     *cobra.Command
	gate    handshake.GateConfig
	address string

	ports     *sharedPorts
	observer  *observer
	stacks    []*guardedStack
	listeners []*endpoint.Listener

	mu   sync.Mutex
	done int // connections that have ended
	err  error
}

// open starts a stack and a listener on every interface.
func (s *server) open(ctx context.Context, names []string) (err error) {
	if s.ports, err = openSharedPorts(); err != nil {
		return err
	}
	if s.observer, err = s.flags.observe.open(s.cmd.ErrOrStderr(), strings.Join(names, " ")); err != nil {
		return err
	}
	for _, name := range names {
		loopback, _ := loopbackName()
		guard, err := s.flags.guard.new(ctx, iptables.ModeInbound, name == loopback)
		if err != nil {
			return err
		}
		stack, err := openStack(name, s.ports, guard, s.observer)
		if err != nil {
			return errors.Join(err, guard.close())
		}
		s.stacks = append(s.stacks, stack)
		lc := endpoint.ListenConfig{Stack: stack.Stack, FastOpen: s.gate}
		lc.Machine.TimeWait = -1
		ln, err := lc.Listen(ctx, "tcp", s.address)
		if err != nil {
			return err
		}
		s.listeners = append(s.listeners, ln)
	}
	return nil
}

// close ends what open has started, as far as it got.
func (s *server) close() error {
	var errs []error
	for _, stack := range s.stacks {
		errs = append(errs, stack.shutdown())
	}
	if s.ports != nil {
		errs = append(errs, s.ports.close())
	}
	if s.observer != nil {
		errs = append(errs, s.observer.close())
	}
	return errors.Join(errs...)
}

// serve accepts until the context ends or enough connections have been served.
func (s *server) serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() {
		for _, ln := range s.listeners {
			ln.Close()
		}
	})
	var conns, accepting sync.WaitGroup
	for _, ln := range s.listeners {
		accepting.Go(func() {
			for {
				c, err := ln.AcceptTCP()
				if err != nil {
					return
				}
				conns.Go(func() {
					if s.handle(ctx, c) {
						stop()
					}
				})
			}
		})
	}
	accepting.Wait()
	conns.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// handle serves one connection, and reports whether it was the last one.
func (s *server) handle(ctx context.Context, c *endpoint.Conn) (last bool) {
	line := s.flags.serve(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	var err error
	if s.flags.json {
		err = printJSON(s.cmd.OutOrStdout(), line)
	} else {
		_, err = fmt.Fprintln(s.cmd.OutOrStdout(), line)
	}
	if err != nil {
		s.err = err
	}
	return err != nil || s.done == s.flags.exitAfter
}
