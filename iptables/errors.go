package iptables

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrScope is a scope of which no exact rule can be made.
	ErrScope = errors.New("iptables: bad scope")
	// ErrPrivilege is a missing right to change the packet filter.
	ErrPrivilege = errors.New("changing the packet filter needs CAP_NET_ADMIN in this network namespace: run as root, or setcap cap_net_admin,cap_net_raw+ep on the program, or turn the guard off (mode none)")
	// ErrNoBackend is a machine on which no backend, or not the wanted one, works.
	ErrNoBackend = errors.New("no packet filter to work with: apt install iptables, or use a kernel with nf_tables (modprobe nf_tables)")
	// ErrLocked is an xtables lock that another program held all the time.
	ErrLocked = errors.New("another program holds the xtables lock: try again when it is done, or use the nft backend")
	// ErrLockFile is an xtables lock file that cannot be written.
	ErrLockFile = errors.New("the xtables lock file cannot be opened: set XTABLES_LOCKFILE to a file that can be written, or use the nft backend")
	// ErrNotInstalled is a rule that is to be removed and is not there.
	ErrNotInstalled = errors.New("no such rule")
	// ErrTag is text that is not a tag of this package.
	ErrTag = errors.New("iptables: not a tfocraft tag")
)

// Error is a packet filter command or request that failed. It wraps what is known
// about the reason: ErrPrivilege, ErrLocked, ErrLockFile or an errno.
type Error struct {
	// Args is the command with its arguments, or "nft" and the request's name for
	// a request over netlink.
	Args []string
	// ExitCode is the command's exit status, -1 if it has none.
	ExitCode int
	// Output is what the command wrote to its standard error, trimmed.
	Output string
	// Err is the reason, nil if only Output tells it.
	Err error
}

// Error returns the failed command and the reason in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "iptables: %s", strings.Join(e.Args, " "))
	if e.ExitCode > 0 {
		fmt.Fprintf(&b, ": exit status %d", e.ExitCode)
	}
	if e.Output != "" {
		fmt.Fprintf(&b, ": %s", strings.Join(strings.Fields(e.Output), " "))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }
