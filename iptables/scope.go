package iptables

import (
	"fmt"
	"net/netip"
)

// Scope is the traffic that one rule covers.
type Scope struct {
	// Local is the endpoint's own address and port; the port is never 0. The
	// unspecified address (0.0.0.0 or ::) stands for every address of this machine
	// of that family and of no other: a listener on both families has two scopes.
	// IPv4-mapped addresses count as IPv4. An IPv6 zone is ignored: the rule
	// holds on every interface.
	Local netip.AddrPort
	// Remote is the peer's address and port, both of them. Zero: any peer.
	Remote netip.AddrPort
	// Mode is what the rule does. Zero: ModeRST.
	Mode Mode
}

// Validate returns an error wrapping ErrScope if no exact rule can be made of s.
func (s Scope) Validate() error {
	_, err := s.normalize()
	return err
}

// Is4 reports whether the scope is about IPv4.
func (s Scope) Is4() bool { return s.Local.Addr().Unmap().Is4() }

// String returns the scope in words, such as "rst 192.0.2.1:80 -> 192.0.2.9:4000".
func (s Scope) String() string {
	if s.Remote == (netip.AddrPort{}) {
		return fmt.Sprintf("%v %v", s.Mode, s.Local)
	}
	return fmt.Sprintf("%v %v -> %v", s.Mode, s.Local, s.Remote)
}

// normalize returns the scope with plain addresses, so that equal scopes compare equal.
func (s Scope) normalize() (Scope, error) {
	if s.Mode > ModeNone {
		return s, fmt.Errorf("%w: %v", ErrScope, s.Mode)
	}
	local, err := plain("local", s.Local)
	if err != nil {
		return s, err
	}
	n := Scope{Local: local, Mode: s.Mode}
	if s.Remote == (netip.AddrPort{}) {
		return n, nil
	}
	if n.Remote, err = plain("remote", s.Remote); err != nil {
		return s, err
	}
	if n.Remote.Addr().IsUnspecified() {
		return s, fmt.Errorf("%w: remote address %v: leave it out to mean any peer", ErrScope, s.Remote.Addr())
	}
	if n.Remote.Addr().Is4() != n.Local.Addr().Is4() {
		return s, fmt.Errorf("%w: %v and %v are of different families", ErrScope, s.Local, s.Remote)
	}
	return n, nil
}

// plain unmaps the address and strips its zone.
func plain(which string, ap netip.AddrPort) (netip.AddrPort, error) {
	addr := ap.Addr().Unmap().WithZone("")
	switch {
	case !addr.IsValid():
		return ap, fmt.Errorf("%w: no %s address", ErrScope, which)
	case addr.IsMulticast():
		return ap, fmt.Errorf("%w: %s address %v is multicast", ErrScope, which, addr)
	case ap.Port() == 0:
		return ap, fmt.Errorf("%w: no %s port: a rule for every port would cover the whole host", ErrScope, which)
	}
	return netip.AddrPortFrom(addr, ap.Port()), nil
}
