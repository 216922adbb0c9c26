package iptables

import "fmt"

// Mode is the way in which the kernel is kept quiet.
type Mode uint8

const (
	// ModeRST drops the RSTs that the kernel sends from the local address and port,
	// on their way out. The kernel still does all the work of an unknown segment. It
	// also drops RSTs that the endpoint itself sends through an IP raw socket
	// (AF_INET, IPPROTO_RAW), since those pass the same hook: an endpoint that sends that
	// way wants ModeInbound.
	ModeRST Mode = iota
	// ModeInbound drops what arrives for the local address and port before the
	// kernel's TCP, its connection tracking and its ICMP answers see it. AF_PACKET
	// sockets get the frame first. A fragment other than the first has no ports
	// and is not matched; without its first fragment the kernel discards it.
	ModeInbound
	// ModeNone does nothing: for an address that the kernel does not own.
	ModeNone
)

// ParseMode parses "rst", "inbound" or "none".
func ParseMode(s string) (Mode, error) {
	for _, m := range []Mode{ModeRST, ModeInbound, ModeNone} {
		if s == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("iptables: unknown guard mode %q: want rst, inbound or none", s)
}

// String returns the text that ParseMode takes.
func (m Mode) String() string {
	switch m {
	case ModeRST:
		return "rst"
	case ModeInbound:
		return "inbound"
	case ModeNone:
		return "none"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}
