package iptables

import (
	"net/netip"
	"strconv"
	"strings"
)

// Rule is one packet filter rule as data.
type Rule struct {
	Scope Scope
	Tag   Tag
}

// Rules returns the rules of a scope: one, or none for ModeNone. The error
// wraps ErrScope.
func Rules(scope Scope, tag Tag) ([]Rule, error) {
	n, err := scope.normalize()
	if err != nil || n.Mode == ModeNone {
		return nil, err
	}
	return []Rule{{Scope: n, Tag: tag}}, nil
}

// Program returns the command of the rule's family: "iptables" or "ip6tables".
func (r Rule) Program() string {
	if r.Scope.Is4() {
		return "iptables"
	}
	return "ip6tables"
}

// Table returns the table of iptables: "filter" or "raw".
func (r Rule) Table() string {
	if r.Scope.Mode == ModeInbound {
		return "raw"
	}
	return "filter"
}

// Chain returns the chain of iptables: "OUTPUT" or "PREROUTING".
func (r Rule) Chain() string {
	if r.Scope.Mode == ModeInbound {
		return "PREROUTING"
	}
	return "OUTPUT"
}

// ends returns source and destination of the packets that the rule drops: the zero
// value for any.
func (r Rule) ends() (src, dst netip.AddrPort) {
	if r.Scope.Mode == ModeInbound {
		return r.Scope.Remote, r.Scope.Local
	}
	return r.Scope.Local, r.Scope.Remote
}

// onlyToLocal reports whether the rule must ask if a packet is for this machine: no
// address says so, and its hook also sees what this machine only forwards.
func (r Rule) onlyToLocal() bool {
	return r.Scope.Mode == ModeInbound && r.Scope.Local.Addr().IsUnspecified()
}

// Args returns the rule's specification for iptables: matches, comment, target.
func (r Rule) Args() []string {
	src, dst := r.ends()
	args := []string{"-p", "tcp"}
	args = appendEnd(args, "-s", "--sport", src)
	args = appendEnd(args, "-d", "--dport", dst)
	if r.Scope.Mode == ModeRST {
		args = append(args, "--tcp-flags", "RST", "RST")
	}
	if r.onlyToLocal() {
		args = append(args, "-m", "addrtype", "--dst-type", "LOCAL")
	}
	return append(args, "-m", "comment", "--comment", r.Tag.String(), "-j", "DROP")
}

// appendEnd appends the matches on one end of the connection.
func appendEnd(args []string, addrFlag, portFlag string, ap netip.AddrPort) []string {
	if ap.Port() == 0 {
		return args
	}
	if !ap.Addr().IsUnspecified() {
		args = append(args, addrFlag, ap.Addr().String())
	}
	return append(args, portFlag, strconv.Itoa(int(ap.Port())))
}

// Command returns the command that installs the rule, for a shell.
func (r Rule) Command() string { return r.command("-A") }

// DeleteCommand returns the command that removes the rule, for a shell.
func (r Rule) DeleteCommand() string { return r.command("-D") }

func (r Rule) command(action string) string {
	args := []string{r.Program(), "-w", "-t", r.Table(), action, r.Chain()}
	return strings.Join(append(args, r.Args()...), " ")
}
