package main

import (
	"context"
	"net/netip"

	"tfocraft/iptables"
)

// A portGuard is an [iptables.Guard] as package endpoint wants one.
type portGuard struct {
	*iptables.Guard
	mode iptables.Mode
}

// new opens the guard that the flags choose; nil if they choose none. On
// loopback it is always the inbound one: our own resets pass the OUTPUT rules
// there and would be dropped with the kernel's.
func (g *guardChoice) new(ctx context.Context, def iptables.Mode, loopback bool) (*portGuard, error) {
	mode := def
	if g.mode != "" {
		var err error
		if mode, err = iptables.ParseMode(g.mode); err != nil {
			return nil, usagef("%w", err)
		}
	}
	backend, err := iptables.ParseBackend(g.backend)
	if err != nil {
		return nil, usagef("%w", err)
	}
	switch {
	case mode == iptables.ModeNone:
		return nil, nil
	case loopback:
		mode = iptables.ModeInbound
	}
	guard, err := iptables.Open(ctx, iptables.Config{Backend: backend})
	if err != nil {
		return nil, err
	}
	return &portGuard{guard, mode}, nil
}

// Protect covers what arrives for local until release is called.
func (g *portGuard) Protect(local, remote netip.AddrPort) (release func() error, err error) {
	scope := iptables.Scope{Local: local, Remote: remote, Mode: g.mode}
	if err := g.Add(scope); err != nil {
		return nil, err
	}
	return func() error { return g.Remove(scope) }, nil
}

// close removes the guard; there may be none.
func (g *portGuard) close() error {
	if g == nil {
		return nil
	}
	return g.Guard.Close()
}
