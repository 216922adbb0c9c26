package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake/load"
)

// loadFlags say what tfo load does.
type loadFlags struct {
	mode         string
	clients      string
	ports        string
	answerARP    bool
	cookies      string
	keys         keyFlags
	data         string
	size         string
	options      string
	profile      string
	experimental bool
	mutate       string
	seed         uint64
	rate         string
	ramp         time.Duration
	duration     time.Duration
	count        uint64
	concurrency  int
	timeout      time.Duration
	keepOpen     bool
	cpus         string
	pcapOut      string
	allowPublic  bool
	ifname       string
	json         bool
	ipv4, ipv6   bool
	guard        guardChoice
	observe      observeFlags
}

func newLoad() *cobra.Command {
	var flags loadFlags
	cmd := &cobra.Command{
		Use:   "load HOST:PORT",
		Short: "many Fast Open clients at once, at a rate or as fast as it goes",
		Long: `Makes the traffic of many clients, each with an address and a cookie of its own,
and says what became of it and how long it took.

Modes: request asks for cookies; syn sends SYNs with cookie and data and awaits
nothing; exchange waits for the response and closes in order. With --rate they
begin when they are planned, whatever became of earlier ones, and times count
from the plan; without it --concurrency exchanges are in flight at any time.

Cookies: learn asks the server for one for each client first; key computes them
from the server's key; random are wrong ones; none sends the data without any.

Clients that are not this host's addresses need a way for the answers: a route to
them at the other end, or --answer-arp on the same network. --clients takes
prefixes, addresses and ranges, joined by commas. Without it there is one client,
this host, and the guard keeps the kernel from resetting it.

Data in a SYN may reach the server's application twice (RFC 7413, section 2.1).
Clients that are not this host's never talk to a public server, nor have public
addresses, unless --allow-public is given: the answers would go to somebody else.
Needs CAP_NET_RAW, and CAP_NET_ADMIN for the guard; --pcap-out needs nothing.`,
		Example: `  tfo load 198.18.0.2:8080 --clients 198.18.1.0/24 --answer-arp
  tfo load 198.18.0.2:8080 --clients 198.19.0.0/16 --mode syn --rate max --cookies key --key "$KEY" --scheme linux
  tfo load 198.18.0.2:8080 --clients 198.18.1.0/24 --rate 5000 --ramp 5s --duration 30s --size 64:7,512:2,1400:1
  tfo load 198.18.0.2:8080 --clients 198.18.1.0/24 --count 1000 --mutate none,cookie-bit,twice
  tfo load [2001:db8::2]:8080 --clients 2001:db8::1:0/112 --mode request --concurrency 16
  tfo load 192.0.2.2:80 --clients 198.18.0.0/16 --mode syn --rate 100 --count 50 --pcap-out syns.pcapng`,
		Args: func(cmd *cobra.Command, args []string) error {
			if flags.mutate == "list" {
				return none(cmd, args)
			}
			return one("HOST:PORT")(cmd, args)
		},
	}
	flags.add(cmd)
	exclusive(cmd, "count", "duration")
	exclusive(cmd, "options", "profile")
	exclusive(cmd, "options", "experimental")
	exclusive(cmd, "key", "key-file")
	exclusive(cmd, "ipv4", "ipv6")
	exclusive(cmd, "pcap-out", "pcap")
	exclusive(cmd, "pcap-out", "cpus")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		if flags.mutate == "list" {
			return listMutations(cmd)
		}
		return runLoad(cmd, &flags, args[0])
	})
	return cmd
}

func (l *loadFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.mode, "mode", "exchange", "`NAME` request, syn or exchange")
	f.StringVar(&l.rate, "rate", "", "begin `N` exchanges a second, or max")
	f.IntVar(&l.concurrency, "concurrency", 0, "have `N` exchanges in flight (default: 64, and at most 65536 with --rate)")
	f.DurationVar(&l.duration, "duration", 10*time.Second, "how long exchanges begin")
	f.Uint64Var(&l.count, "count", 0, "end after `N` exchanges instead")
	f.DurationVar(&l.ramp, "ramp", 0, "time in which --rate or --concurrency grow from nothing")
	f.DurationVar(&l.timeout, "timeout", 5*time.Second, "bound on each exchange")
	f.StringVar(&l.clients, "clients", "", "`ADDRESSES` of the clients: prefixes, addresses, A-B ranges (default: this host)")
	f.StringVar(&l.ports, "ports", "", "`A-B` ports of the clients (default: 1024-65535; for this host 61000-61127)")
	f.BoolVar(&l.answerARP, "answer-arp", false, "answer ARP requests and neighbour solicitations for the clients")
	f.StringVar(&l.cookies, "cookies", "learn", "`NAME` learn, key, random or none (default with a key: key; with --pcap-out: random)")
	l.keys.add(cmd)
	f.StringVarP(&l.data, "data", "d", "Hello, Server", "what each exchange sends: `TEXT`, @FILE, or - for standard input")
	f.StringVar(&l.size, "size", "", "repeat or cut the data to `N` bytes, N-M at random, or weighted: 64:7,512:2,1400:1")
	f.StringVar(&l.options, "options", "", "the options of SYNs in the text form, `LIST` with FO where cookies go")
	f.StringVar(&l.profile, "profile", "linux", "`NAME` of the stack whose SYNs these are: linux or freebsd")
	f.BoolVar(&l.experimental, "experimental", false, "use option 254 with 0xF989 instead of option 34")
	f.StringVar(&l.mutate, "mutate", "", "send SYNs that are wrong in these ways in turn, `NAMES`; list shows them")
	f.BoolVar(&l.keepOpen, "keep-open", false, "let the server close first")
	f.Uint64Var(&l.seed, "seed", 0, "the same `N` gives the same traffic (default: random)")
	f.StringVar(&l.cpus, "cpus", "", "send from the processors in `LIST`, such as 0,2-3, each on its own")
	f.StringVar(&l.pcapOut, "pcap-out", "", "write the SYNs to `FILE` (pcapng) instead of sending them")
	f.BoolVar(&l.allowPublic, "allow-public", false, "allow clients that are not this host's towards a public server, or with public addresses")
	f.StringVarP(&l.ifname, "interface", "i", "", "`INTERFACE` to use (default: the one that the route takes)")
	f.BoolVarP(&l.ipv4, "ipv4", "4", false, "use an IPv4 address of HOST")
	f.BoolVarP(&l.ipv6, "ipv6", "6", false, "use an IPv6 address of HOST")
	f.BoolVar(&l.json, "json", false, "print a JSON object each second, and one with the result")
	l.guard.add(cmd)
	l.observe.add(f)
	choices(cmd, "mode", "request", "syn", "exchange")
	choices(cmd, "cookies", "learn", "key", "random", "none")
	choices(cmd, "profile", "linux", "freebsd")
}

func listMutations(cmd *cobra.Command) error {
	for _, m := range load.Mutations() {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-20s %s\n", m.Name, m.What); err != nil {
			return err
		}
	}
	return nil
}
