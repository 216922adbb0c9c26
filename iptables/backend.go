package iptables

import "fmt"

// Backend is the packet filter interface that holds the rules.
type Backend uint8

const (
	// BackendAuto is what the machine has; see the package comment for the order.
	BackendAuto Backend = iota
	// BackendIPTables is the programs iptables and ip6tables, of either variant.
	BackendIPTables
	// BackendNFT is nf_tables over netlink.
	BackendNFT
)

// ParseBackend parses "auto", "iptables" or "nft".
func ParseBackend(s string) (Backend, error) {
	for _, b := range []Backend{BackendAuto, BackendIPTables, BackendNFT} {
		if s == b.String() {
			return b, nil
		}
	}
	return 0, fmt.Errorf("iptables: unknown backend %q: want auto, iptables or nft", s)
}

// String returns the text that ParseBackend takes.
func (b Backend) String() string {
	switch b {
	case BackendAuto:
		return "auto"
	case BackendIPTables:
		return "iptables"
	case BackendNFT:
		return "nft"
	}
	return fmt.Sprintf("backend(%d)", uint8(b))
}

// BackendStatus says whether a backend can be used here and now.
type BackendStatus struct {
	// Backend is BackendIPTables or BackendNFT.
	Backend Backend
	// Err is the reason why it cannot be used, nil if it can. It wraps ErrPrivilege
	// or ErrNoBackend.
	Err error
	// SurvivesKill says that rules go by themselves after SIGKILL: by the owner flag
	// of nf_tables, or by a watcher process.
	SurvivesKill bool
	// Detail is for people: versions and paths of programs, or how the rules are owned.
	Detail string

	owned bool // nft: the kernel removes the table when its socket closes
}
