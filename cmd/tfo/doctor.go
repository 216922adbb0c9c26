package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie/store"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "what works here, what does not, and the command that mends it",
		Long: `Checks privileges, namespaces, packet filters, leftovers, the kernel's own Fast
Open and useful programs. It changes nothing. The exit code is 3 if neither
tfo lab nor tfo connect can work.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each check")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		works := map[string]bool{}
		for _, check := range checks {
			f := check.look(cmd.Context())
			f.Check = check.name
			works[check.name] = f.OK
			if err := f.print(cmd, asJSON); err != nil {
				return err
			}
		}
		if !works["lab"] && !works["raw sockets"] {
			return &failure{code: exitMissing, err: errSilent}
		}
		return nil
	})
	return cmd
}

// A finding is the outcome of one check.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Cure   string `json:"cure,omitempty"` // one command, or a few words
}

func (f *finding) print(cmd *cobra.Command, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), f)
	}
	mark := "ok  "
	if !f.OK {
		mark = "--  "
	}
	text := fmt.Sprintf("%s%-18s %s\n", mark, f.Check, f.Detail)
	if f.Cure != "" {
		text += fmt.Sprintf("    %-18s > %s\n", "", f.Cure)
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), text)
	return err
}

// checks are what is looked at, in the order of importance.
var checks = []struct {
	name string
	look func(ctx context.Context) finding
}{
	{"lab", checkLab},
	{"raw sockets", checkRawSockets},
	{"guard: nft", checkBackend(iptables.BackendNFT)},
	{"guard: iptables", checkBackend(iptables.BackendIPTables)},
	{"leftovers", checkLeftovers},
	{"cookie cache", checkCache},
	{"kernel Fast Open", checkKernel},
	{"tshark", checkProgram("tshark", "apt install tshark")},
	{"curl", checkProgram("curl", "apt install curl")},
}

func checkLab(context.Context) finding {
	if err := lab.Check(); err != nil {
		return finding{Detail: err.Error(), Cure: "run as root, or see the setting named above"}
	}
	return finding{OK: true, Detail: "network namespaces can be made: tfo lab works"}
}

func checkRawSockets(context.Context) finding {
	name, err := loopbackName()
	if err != nil || name == "" {
		return finding{Detail: "there is no loopback interface that is up", Cure: "ip link set lo up"}
	}
	l, err := link.Open(name, &link.Config{Filter: &link.Filter{Ports: []link.PortRange{link.Port(1)}}})
	if err != nil {
		f := finding{Detail: err.Error()}
		if errors.Is(err, link.ErrPrivilege) {
			f.Cure = "sudo tfo ..., or setcap cap_net_raw,cap_net_admin+ep on the program"
		}
		return f
	}
	l.Close()
	return finding{OK: true, Detail: "CAP_NET_RAW is there: tfo listen and tfo connect work"}
}

func checkBackend(b iptables.Backend) func(context.Context) finding {
	return func(ctx context.Context) finding {
		for _, s := range iptables.Available(ctx) {
			if s.Backend != b {
				continue
			}
			if s.Err != nil {
				return finding{Detail: s.Err.Error()}
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
		return finding{OK: true, Detail: "cannot look for rules: " + err.Error()}
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
		return finding{Detail: err.Error(), Cure: "give tfo connect a file with --cache"}
	}
	if _, err := openCache(path); err != nil {
		return finding{Detail: err.Error(), Cure: "move the file away, or use another with --cache"}
	}
	return finding{OK: true, Detail: path}
}

// checkKernel says what Linux's own TCP would do; tfo does not depend on it.
func checkKernel(context.Context) finding {
	value, err := readSysctl("net/ipv4/tcp_fastopen")
	if err != nil {
		return finding{Detail: err.Error()}
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
