package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// What the two hosts of a lab say to each other.
const (
	labPort    = 8080
	labRequest = "Hello, Server"
	labReply   = "Hello, Client"
)

// labTimeout bounds one connection of a lab: nothing on its path is slow.
const labTimeout = 10 * time.Second

// labFlags say which lab to make.
type labFlags struct {
	client, server string
	ipv6           bool
	pcap           string
	json           bool
}

func newLab() *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "a first and a second connection on this machine, explained",
		Long: `Makes two hosts (network namespaces joined by a virtual cable) that exist only
while it runs, connects from one to the other twice, and tells what each segment
is for: the first connection asks for a cookie, the second sends its request in
the SYN. Then it compares the two.

Everything that is printed is read from the cable. --client kernel and --server
kernel put Linux's own TCP on that side. It needs no root where user namespaces
are allowed, and leaves nothing behind.`,
		Example: `  tfo lab
  tfo lab --server kernel -6 --pcap story.pcapng
  tfo lab --client kernel --json`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&flags.client, "client", "ours", "whose TCP the client has: ours or kernel")
	f.StringVar(&flags.server, "server", "ours", "whose TCP the server has: ours or kernel")
	f.BoolVarP(&flags.ipv6, "ipv6", "6", false, "use IPv6")
	f.StringVar(&flags.pcap, "pcap", "", "keep every frame in `FILE` (pcapng, for Wireshark)")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each segment and each connection")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) })
	return cmd
}

func (l *labFlags) run(cmd *cobra.Command) error {
	for name, side := range map[string]string{"--client": l.client, "--server": l.server} {
		if side != "ours" && side != "kernel" {
			return usagef("%s: %q is neither ours nor kernel", name, side)
		}
	}
	code, done, err := lab.Reexec(cmd.Context(), l.args(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	switch {
	case err != nil:
		return err
	case done && code != 0:
		return &failure{code: code, err: errSilent}
	case done:
		return nil
	}
	return l.story(cmd)
}

// args are the flags again, for the same program in a user namespace.
func (l *labFlags) args() []string {
	return []string{
		"lab", "--client", l.client, "--server", l.server, fmt.Sprintf("--ipv6=%t", l.ipv6), "--pcap", l.pcap, fmt.Sprintf("--json=%t", l.json),
	}
}

// story makes the lab, runs the two connections and tells of them.
func (l *labFlags) story(cmd *cobra.Command) (err error) {
	hosts, err := lab.New(cmd.Context(), lab.Config{IPv6: l.ipv6})
	if err != nil {
		return err
	}
	defer hosts.Close()
	_, server := hosts.Addresses(l.ipv6)
	teller := newTeller(cmd, l)
	watch, err := watchHost(hosts.Client, l.pcap, teller)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, watch.close())
		if err == nil {
			err = teller.finish()
		}
	}()
	remote := netip.AddrPortFrom(server, labPort)
	stop, err := l.serve(cmd.Context(), hosts.Server, remote)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return l.connectTwice(cmd.Context(), hosts.Client, remote, teller)
}

// connectTwice makes the two connections from the client's side.
func (l *labFlags) connectTwice(ctx context.Context, host *lab.Host, remote netip.AddrPort, t *teller) error {
	exchange, stop, err := l.clientSide(ctx, host, remote)
	if err != nil {
		return err
	}
	for attempt := range 2 {
		reply, err := exchange(ctx)
		if err == nil && string(reply) != labReply {
			err = fmt.Errorf("lab: connection %d got %q and not the reply", attempt+1, reply)
		}
		t.replied(reply)
		if err != nil {
			return errors.Join(err, stop())
		}
	}
	return stop()
}

// clientSide returns what makes one connection, and what ends the client.
func (l *labFlags) clientSide(ctx context.Context, host *lab.Host, remote netip.AddrPort) (exchange func(context.Context) ([]byte, error), stop func() error, err error) {
	if l.client == "kernel" {
		client := &lab.KernelClient{Host: host, Timeout: labTimeout}
		return func(ctx context.Context) ([]byte, error) {
			e, err := client.Exchange(ctx, remote, []byte(labRequest))
			return e.Reply, err
		}, func() error { return nil }, nil
	}
	stack, err := labStack(ctx, host, iptables.ModeRST)
	if err != nil {
		return nil, nil, err
	}
	d := endpoint.Dialer{Stack: stack.Stack, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Timeout: labTimeout}
	d.Machine.TimeWait = -1
	return func(ctx context.Context) ([]byte, error) { return dialOnce(ctx, &d, remote) }, stack.shutdown, nil
}

// dialOnce is one connection of our own client.
func dialOnce(ctx context.Context, d *endpoint.Dialer, remote netip.AddrPort) ([]byte, error) {
	c, err := d.DialContext(ctx, "tcp", remote.String(), []byte(labRequest))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(labTimeout))
	return io.ReadAll(c)
}

// serve starts the server's side and returns what ends it.
func (l *labFlags) serve(ctx context.Context, host *lab.Host, addr netip.AddrPort) (stop func() error, err error) {
	if l.server == "kernel" {
		return serveKernel(ctx, host, addr)
	}
	stack, err := labStack(ctx, host, iptables.ModeInbound)
	if err != nil {
		return nil, err
	}
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return nil, errors.Join(err, stack.shutdown())
	}
	lc := endpoint.ListenConfig{Stack: stack.Stack, FastOpen: handshake.GateConfig{
		Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, key),
	}}
	lc.Machine.TimeWait = -1
	ln, err := lc.Listen(ctx, "tcp", addr.String())
	if err != nil {
		return nil, errors.Join(err, stack.shutdown())
	}
	flags := listenFlags{reply: labReply}
	go func() {
		for {
			c, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			flags.serve(ctx, c)
		}
	}()
	return stack.shutdown, nil
}

func serveKernel(ctx context.Context, host *lab.Host, addr netip.AddrPort) (stop func() error, err error) {
	s, err := lab.ListenKernel(host, lab.KernelServerConfig{
		Listen: addr, Timeout: labTimeout, Reply: func(netip.AddrPort, []byte) []byte { return []byte(labReply) },
	})
	if err != nil {
		return nil, err
	}
	go s.Serve(ctx)
	return s.Close, nil
}

// labStack starts an endpoint on a host's interface.
func labStack(ctx context.Context, host *lab.Host, mode iptables.Mode) (stack *guardedStack, err error) {
	err = host.Do(func() error {
		choice := guardChoice{backend: "auto"}
		guard, err := choice.new(ctx, mode, false)
		if err != nil {
			return err
		}
		if stack, err = openStack(host.Interface, nil, guard, &observer{}); err != nil {
			return errors.Join(err, guard.close())
		}
		return nil
	})
	return stack, err
}
