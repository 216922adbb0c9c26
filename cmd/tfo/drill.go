package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
	"tfocraft/handshake/drill"
)

// drillFlags say how scripts are played.
type drillFlags struct {
	define    []string
	ipVersion string
	profile   string
	pcap      string
	json      bool
	tap       bool
	verbose   bool
	explain   bool
	commands  bool
	tolerance time.Duration
	remote    remoteFlags
}

func newDrill() *cobra.Command {
	var flags drillFlags
	cmd := &cobra.Command{
		Use:   "drill SCRIPT...",
		Short: "play packetdrill scripts against this TCP in virtual time, or against a live host",
		Long: `Plays packetdrill scripts: the socket calls that a program makes, the packets that
come to it, and those that have to go out, each at its time. What is tested is
the TCP of this program, in virtual time: it needs no root, no interface and no
kernel, and a script that waits for a minute takes no longer than any other.

SCRIPT is a file, - for standard input, or a folder, whose files *.pkt are played.
A script fails at the first thing that is not as it says: the line, what was
expected and what came are shown, with a mark under the field that differs. One
that uses what is not supported here is "unsupported", which is no pass.

Commands of scripts are not run. Those that change settings or look at counters are
interpreted; all others are named and left out, and so are settings that cannot
be changed here. A script that fails without them is unsupported.
--allow-commands has sh run these others, with the rights of tfo.

The addresses are those of packetdrill's own test suite: 192.168.0.1 is tested
and 192.0.2.1 is the other side, fd3d:a0b:17d6::1 and fd3d:fa7b:d17d::1 for
IPv6. TFO_COOKIE and TFO_COOKIE_ZERO are defined as that suite does for Linux;
-D defines more, or these differently.

With --remote the network's side of the scripts is played against a live host,
from a raw socket: packets marked < are sent, those marked > have to come. What
the program of the script does, its commands and what is between %{ and }% are
left out: what the live host's program does is its own affair, so that a packet
that only comes because the script's program writes or closes comes if the server
happens to do that. What the live host would have to connect for is unsupported.
Times after a packet count from when it has really come; --tolerance is 50 ms
there. Every connection takes a new port, and is reset in the end. It needs
CAP_NET_RAW, and CAP_NET_ADMIN for the guard.

Exit codes: 0 every script has passed, 1 one has not.`,
		Example: `  tfo drill my.pkt
  tfo drill scripts/ --ip-version ipv6
  tfo drill client.pkt --profile freebsd -v
  tfo drill server.pkt -D TFO_COOKIE=3021b9d889017eeb --pcap what-happened.pcapng
  tfo drill --remote 192.0.2.2:80 -i eth0 server.pkt --scheme linux --cookie-key "$KEY" -v`,
		Args: some("SCRIPT"),
	}
	f := cmd.Flags()
	f.StringArrayVarP(&flags.define, "define", "D", nil, "read `NAME=VALUE` for NAME in the scripts; may be repeated")
	f.StringVar(&flags.ipVersion, "ip-version", "ipv4", "`VERSION` ipv4 or ipv6; what a script says itself counts more")
	f.StringVar(&flags.profile, "profile", "linux", "whose habits the TCP has: `NAME` linux or freebsd")
	f.StringVar(&flags.pcap, "pcap", "", "keep every packet in `FILE` (pcapng, for Wireshark)")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each script")
	f.BoolVar(&flags.tap, "tap", false, "print the results in the Test Anything Protocol")
	f.BoolVar(&flags.explain, "explain", false, "print the scripts with what each line means, and play nothing")
	f.BoolVar(&flags.commands, "allow-commands", false, "have sh run the commands of scripts that are not interpreted; read them before")
	f.BoolVarP(&flags.verbose, "verbose", "v", false, "show every packet, and what in a script makes no difference")
	f.DurationVar(&flags.tolerance, "tolerance", 0, "`TIME` that a packet may come early or late (default: what the script says,\nor 4ms and 12.5 % of the time since the last event; with --remote 50ms)")
	flags.remote.add(cmd)
	choices(cmd, "ip-version", "ipv4", "ipv6")
	choices(cmd, "profile", "linux", "freebsd")
	exclusive(cmd, "json", "tap", "explain")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error { return flags.run(cmd, args) })
	return cmd
}

func (d *drillFlags) run(cmd *cobra.Command, names []string) error {
	config, defs, err := d.config()
	if err != nil {
		return err
	}
	if err := d.remote.check(cmd); err != nil {
		return err
	}
	scripts, err := readScripts(names, cmd.InOrStdin())
	if err != nil {
		return err
	}
	if d.explain {
		return explainScripts(cmd.OutOrStdout(), scripts, config, defs, d.remote.target != "")
	}
	if d.commands {
		config.Command = shell(cmd.Context(), cmd.ErrOrStderr())
	}
	network, want := d.family(cmd)
	host, err := d.remote.open(cmd, network, want)
	if err != nil {
		return err
	}
	return errors.Join(d.playAll(cmd, scripts, &drillJob{config, defs, host}), host.close())
}

// config turns the flags into how scripts are played.
func (d *drillFlags) config() (c drill.Config, defs map[string]string, err error) {
	switch d.ipVersion {
	case "ipv4":
	case "ipv6":
		c.IPv6 = true
	default:
		return c, nil, usagef("--ip-version: %q is neither ipv4 nor ipv6", d.ipVersion)
	}
	if c.Profile, err = handshake.ParseProfile(d.profile); err != nil {
		return c, nil, usagef("--profile: %w", err)
	}
	if c.Tolerance = d.tolerance; c.Tolerance < 0 {
		return c, nil, usagef("--tolerance: %v is no time", c.Tolerance)
	}
	defs = make(map[string]string)
	for _, text := range d.define {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return c, nil, usagef("--define: %q is not NAME=VALUE", text)
		}
		defs[name] = value
	}
	return c, defs, nil
}

// family is which addresses of a live host may be used, and why.
func (d *drillFlags) family(cmd *cobra.Command) (network, want string) {
	switch {
	case !cmd.Flags().Changed("ip-version"):
		return "ip", ""
	case d.ipVersion == "ipv6":
		return "ip6", "--ip-version ipv6"
	}
	return "ip4", "--ip-version ipv4"
}
