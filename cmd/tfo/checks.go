package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie/store"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// checks are what is looked at, in the order of importance.
var checks = []struct {
	name string
	look func(ctx context.Context) finding
}{
	{"lab", checkLab},
	{"raw sockets", checkRawSockets},
	{"guard: nft", checkBackend(iptables.BackendNFT)},
	{"guard: iptables", checkBackend(iptables.BackendIPTables)},
	{"XDP", checkXDP},
	{"leftovers", checkLeftovers},
	{"cookie cache", checkCache},
	{"kernel Fast Open", checkKernel},
	{"tshark", checkProgram("tshark", "apt install tshark")},
	{"curl", checkProgram("curl", "apt install curl")},
}

// trouble is a check that failed. The cure is the error's own, if it knows one.
func trouble(err error, cure string) finding {
	detail, own := words(err)
	return finding{Detail: detail, Cure: cmp.Or(own, cure)}
}

func checkLab(context.Context) finding {
	if err := lab.Check(); err != nil {
		return trouble(err, "run as root")
	}
	return finding{OK: true, Detail: "network namespaces can be made: tfo lab works"}
}

func checkRawSockets(context.Context) finding {
	name, err := loopbackName()
	if err != nil || name == "" {
		return finding{Detail: "there is no loopback interface that is up", Cure: "ip link set lo up"}
	}
	l, err := link.Open(name, &link.Config{Filter: &link.Filter{Ports: []link.PortRange{link.Port(1)}}, NoRing: true})
	if err != nil {
		return trouble(err, "")
	}
	l.Close()
	return finding{OK: true, Detail: "CAP_NET_RAW is there: tfo listen and tfo connect work"}
}

func checkXDP(context.Context) finding {
	if err := link.CheckXDP(); err != nil {
		return trouble(err, "")
	}
	return finding{OK: true, Detail: "programs can be loaded: --xdp works where the driver of the interface has a place for one"}
}

func checkBackend(b iptables.Backend) func(context.Context) finding {
	return func(ctx context.Context) finding {
		for _, s := range iptables.Available(ctx) {
			if s.Backend != b {
				continue
			}
			if s.Err != nil {
				return trouble(s.Err, "")
			}
			detail := s.Detail
			if !s.SurvivesKill {
				detail += "; after SIGKILL its rules wait for the next sweep"
			}
			return finding{OK: true, Detail: detail}
		}
		return finding{Detail: "not known on this system"}
	}
}

func checkLeftovers(ctx context.Context) finding {
	rules, err := iptables.List(ctx, iptables.BackendAuto)
	if err != nil {
		return trouble(fmt.Errorf("cannot look for rules: %w", plain(err)), "")
	}
	stale := 0
	for _, r := range rules {
		if r.Owner == iptables.OwnerStale {
			stale++
		}
	}
	if stale > 0 {
		return finding{Detail: fmt.Sprintf("%d rules of processes that are gone", stale), Cure: "tfo guard sweep"}
	}
	return finding{OK: true, Detail: fmt.Sprintf("no stale rules (%d in use)", len(rules))}
}

func checkCache(context.Context) finding {
	path, err := store.DefaultPath()
	if err != nil {
		return trouble(err, "give tfo connect a file with --cache")
	}
	switch cache, err := existingCache(""); {
	case err != nil:
		return trouble(err, "move the file away, or use another with --cache")
	case cache == nil:
		return finding{OK: true, Detail: path + " (not there yet)"}
	}
	return finding{OK: true, Detail: path}
}

// checkKernel says what Linux's own TCP would do; tfo does not depend on it.
func checkKernel(context.Context) finding {
	value, err := readSysctl("net/ipv4/tcp_fastopen")
	if err != nil {
		return trouble(err, "")
	}
	client, server := "off", "off"
	if value&1 != 0 {
		client = "on"
	}
	if value&2 != 0 {
		server = "on"
	}
	f := finding{OK: true, Detail: fmt.Sprintf("net.ipv4.tcp_fastopen = %d: client %s, server %s (tfo needs neither)", value, client, server)}
	if value&3 != 3 {
		f.Cure = "sysctl -w net.ipv4.tcp_fastopen=3   (only to use a kernel peer on this host)"
	}
	return f
}

func checkProgram(name, cure string) func(context.Context) finding {
	return func(context.Context) finding {
		path, err := exec.LookPath(name)
		if err != nil {
			return finding{Detail: "not installed; only useful beside tfo", Cure: cure}
		}
		return finding{OK: true, Detail: path}
	}
}

// readSysctl reads a number from the calling thread's network namespace.
func readSysctl(name string) (int, error) {
	text, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
