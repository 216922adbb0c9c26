package iptables

import "fmt"

// Owner says what became of the process that installed a rule.
type Owner uint8

const (
	// OwnerAlive is a process that still runs.
	OwnerAlive Owner = iota
	// OwnerStale is a process that is gone: its rules may be swept.
	OwnerStale
	// OwnerUnknown is a process that cannot be judged from here: it lives, or lived, in
	// another pid namespace, such as a container.
	OwnerUnknown
	// OwnerNone is a rule that Install made, or a person.
	OwnerNone
)

// String returns "alive", "stale", "unknown" or "manual".
func (o Owner) String() string {
	switch o {
	case OwnerAlive:
		return "alive"
	case OwnerStale:
		return "stale"
	case OwnerUnknown:
		return "unknown"
	case OwnerNone:
		return "manual"
	}
	return fmt.Sprintf("owner(%d)", uint8(o))
}

// Installed is a tagged rule found in the packet filter.
type Installed struct {
	Rule
	// Backend holds the rule: BackendIPTables or BackendNFT.
	Backend Backend
	// Owner is the state of the rule's owner when it was found.
	Owner Owner
	// Packets is the number of packets that the rule has dropped.
	Packets uint64
}
