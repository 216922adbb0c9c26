package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
)

// listenFlags say how tfo listen listens.
type listenFlags struct {
	reply            string
	echo             bool
	http             string
	metrics          string
	ifname           string
	keys             keyFlags
	maxPending       int
	noFastOpen       bool
	noCookieRequired bool
	experimental     bool
	exitAfter        int
	json             bool
	shards           shardFlag
	guard            guardChoice
	observe          observeFlags
	receiving        receiveFlags
}

func newListen() *cobra.Command {
	var flags listenFlags
	cmd := &cobra.Command{
		Use:   "listen [ADDR]:PORT",
		Short: "a userspace server that takes the data of SYNs",
		Long: `Listens in userspace, gives cookies to clients that ask for one, and answers the
data of a SYN with a valid cookie before the handshake is over. Every connection
gets the reply to the first data that it sends, and is closed.

With --http it is a web server for the files below DIR, with keep-alive, ranges
and conditional requests; directories without an index.html are listed. Links
that lead out of DIR are not followed. -v shows every request, too.

Without -i it listens where ADDR is, and on loopback; without ADDR on every
interface that is up. The key of the cookies is random unless one is given.

A request in a SYN can arrive twice (RFC 7413, section 2.1). --http takes GET and
HEAD only, which may.
Needs CAP_NET_RAW, and CAP_NET_ADMIN for the guard.`,
		Example: `  tfo listen :8080 --reply 'Hello, Client'
  tfo listen 192.0.2.2:8080 -i eth0 --scheme linux --key "$(sysctl -n net.ipv4.tcp_fastopen_key)"
  tfo listen [::1]:8080 --echo --exit-after 2 -v
  tfo listen :8080 --http public --metrics 127.0.0.1:9100
  curl --tcp-fastopen http://192.0.2.2:8080/`,
		Args: one("[ADDR]:PORT"),
	}
	flags.add(cmd)
	exclusive(cmd, "reply", "echo", "http")
	exclusive(cmd, "no-fast-open", "no-cookie-required")
	exclusive(cmd, "key", "key-file")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		for name, value := range map[string]string{"http": flags.http, "metrics": flags.metrics} {
			if value == "" && cmd.Flags().Changed(name) {
				return usagef("--%s: it is empty", name)
			}
		}
		return listen(cmd, &flags, args[0])
	})
	return cmd
}

func (l *listenFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.reply, "reply", "Hello, Client\n", "the `TEXT` to answer")
	f.BoolVar(&l.echo, "echo", false, "send everything back until the client closes")
	f.StringVar(&l.http, "http", "", "serve the files below `DIR` by HTTP")
	f.StringVar(&l.metrics, "metrics", "", "counters for Prometheus on a kernel socket at `[ADDR]:PORT`, path /metrics")
	f.StringVarP(&l.ifname, "interface", "i", "", "`INTERFACE` to listen on")
	l.keys.add(cmd)
	f.IntVar(&l.maxPending, "max-pending", 256, "let `N` connections opened by SYN data wait for their ACK (RFC 7413, section 5.1)")
	f.BoolVar(&l.noFastOpen, "no-fast-open", false, "a plain server")
	f.BoolVar(&l.noCookieRequired, "no-cookie-required", false, "take data from any SYN (RFC 7413, section 7.3)")
	f.BoolVar(&l.experimental, "experimental", false, "understand only option 254 with 0xF989; by default that and option 34")
	f.IntVar(&l.exitAfter, "exit-after", 0, "end after `N` connections; 0 means never")
	f.BoolVar(&l.json, "json", false, "print one JSON object for each connection")
	l.shards.add(f)
	l.guard.add(cmd)
	l.observe.add(f)
	l.receiving.add(f)
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
	flags.keys.warnExposed(cmd)
	s := newServer(cmd, flags, gate, address)
	defer func() { err = errors.Join(err, s.close()) }()
	if s.site, err = openSite(flags.http); err != nil {
		return err
	}
	names, err := flags.interfaces(local.Addr())
	if err != nil {
		return err
	}
	if s.metrics, err = openExporter(cmd.Context(), flags.metrics); err != nil {
		return err
	}
	if err := s.open(cmd.Context(), names); err != nil {
		return err
	}
	s.metrics.serve()
	complain(cmd.ErrOrStderr(), "listening on %s (%s)%s%s%s", s.address, strings.Join(names, ", "), flags.describe(gate),
		s.site.describe(), s.metrics.describe())
	if s.site != nil {
		return s.serveSite()
	}
	return s.serve()
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
	err := errors.Join(l.guard.check(), l.shards.check(), l.receiving.check())
	if l.receiving.xdp && l.shards > 1 {
		err = errors.Join(err, usagef("--xdp is for one stack on an interface, not for --shards %d", l.shards))
	}
	if err == nil {
		g.Keyring, err = l.keys.keyringOrRandom()
	}
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
