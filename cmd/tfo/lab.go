package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/lab"
)

// What the two hosts of a lab say to each other.
const (
	labPort    = 8080
	labRequest = "Hello, Server"
	labReply   = "Hello, Client"
)

// labTimeout bounds one connection of a lab: nothing on its path is slow.
const labTimeout = 10 * time.Second

// settleTime bounds the wait for the last segments of a connection.
const settleTime = 2 * time.Second

// labFlags say which lab to make.
type labFlags struct {
	client, server string
	ipv6           bool
	pcap           string
	json           bool
	verbose        bool
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
		Args: none,
	}
	f := cmd.Flags()
	f.StringVar(&flags.client, "client", "ours", "`WHOSE` TCP the client has: ours or kernel")
	f.StringVar(&flags.server, "server", "ours", "`WHOSE` TCP the server has: ours or kernel")
	f.BoolVarP(&flags.ipv6, "ipv6", "6", false, "use IPv6")
	f.StringVar(&flags.pcap, "pcap", "", "keep every frame in `FILE` (pcapng, for Wireshark)")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each segment and each connection")
	f.BoolVarP(&flags.verbose, "verbose", "v", false, "show every option of the segments")
	choices(cmd, "client", "ours", "kernel")
	choices(cmd, "server", "ours", "kernel")
	exclusive(cmd, "verbose", "json")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) })
	return cmd
}

func (l *labFlags) run(cmd *cobra.Command) error {
	for _, side := range []string{l.client, l.server} {
		if side != "ours" && side != "kernel" {
			return usagef("--client and --server: %q is neither ours nor kernel", side)
		}
	}
	code, done, err := lab.Reexec(cmd.Context(), l.args(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	switch {
	case err != nil:
		return err
	case code == 128+int(syscall.SIGPIPE):
		// Nobody reads any more, as behind "| head".
		return &failure{code: exitFailed, err: errSilent}
	case code > exitMissing:
		return fmt.Errorf("the lab's own process ended with code %d", code)
	case code != 0:
		return &failure{code: code, err: errSilent}
	case done:
		return nil
	}
	return l.story(cmd)
}

// args are the flags again, for the same program in a user namespace.
func (l *labFlags) args() []string {
	args := []string{
		"lab", "--client", l.client, "--server", l.server, "--pcap", l.pcap, fmt.Sprintf("--ipv6=%t", l.ipv6),
	}
	if l.json {
		args = append(args, "--json")
	}
	if l.verbose {
		args = append(args, "--verbose")
	}
	return args
}

// story makes the lab, runs the two connections and tells of them.
func (l *labFlags) story(cmd *cobra.Command) (err error) {
	hosts, err := lab.New(cmd.Context(), lab.Config{IPv6: l.ipv6})
	if err != nil {
		return err
	}
	defer hosts.Close()
	_, server := hosts.Addresses(l.ipv6)
	remote := netip.AddrPortFrom(server, labPort)
	teller := newTeller(cmd.OutOrStdout(), l, remote.String())
	watch, err := watchHost(hosts.Client, l.pcap, teller)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watch.close(), teller.finish()) }()
	stop, err := l.serve(cmd.Context(), hosts.Server, remote)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return l.connectTwice(cmd.Context(), hosts.Client, remote, teller)
}

// connectTwice makes the two connections from the client's side, the second
// when the first is over.
func (l *labFlags) connectTwice(ctx context.Context, host *lab.Host, remote netip.AddrPort, t *teller) error {
	exchange, stop, err := l.clientSide(ctx, host, remote)
	if err != nil {
		return err
	}
	for attempt := range labConnections {
		reply, err := exchange(ctx)
		if err == nil && string(reply) != labReply {
			err = fmt.Errorf("connection %d got %q and not the reply", attempt+1, reply)
		}
		t.replied(reply, err)
		if err != nil {
			return errors.Join(err, stop())
		}
		t.awaitClosed(ctx, attempt)
	}
	return stop()
}
