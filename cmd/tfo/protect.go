package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"tfocraft/iptables"
)

// guardChoice are the flags for the guard of a command that opens ports.
type guardChoice struct {
	mode, backend string
}

func (g *guardChoice) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.mode, "guard", "", "keep the kernel's resets away by `MODE` rst, inbound or none (default: rst, for servers inbound)")
	f.StringVar(&g.backend, "backend", "auto", "what the guard works with, `NAME` auto, iptables or nft")
	choices(cmd, "guard", "rst", "inbound", "none")
	choices(cmd, "backend", "auto", "iptables", "nft")
}

// check looks at the flags before anything is done.
func (g *guardChoice) check() error {
	_, _, err := g.parse(iptables.ModeRST)
	return err
}

func (g *guardChoice) parse(def iptables.Mode) (iptables.Mode, iptables.Backend, error) {
	mode := def
	if g.mode != "" {
		var err error
		if mode, err = iptables.ParseMode(g.mode); err != nil {
			return mode, 0, usagef("--guard: %w", err)
		}
	}
	backend, err := iptables.ParseBackend(g.backend)
	if err != nil {
		return mode, backend, usagef("--backend: %w", err)
	}
	return mode, backend, nil
}

// open protects one local address and port until release is called.
func (g *guardChoice) open(ctx context.Context, local netip.AddrPort, loopback bool) (release func() error, err error) {
	guard, err := g.new(ctx, iptables.ModeRST, loopback)
	if err != nil || guard == nil {
		return func() error { return nil }, err
	}
	if _, err := guard.Protect(local, netip.AddrPort{}); err != nil {
		guard.Close()
		return nil, err
	}
	return guard.close, nil
}

// A portGuard is an [iptables.Guard] as package endpoint wants one.
type portGuard struct {
	*iptables.Guard
	mode iptables.Mode
}

// new opens the guard that the flags choose; nil if they choose none. On
// loopback it is always the inbound one: our own resets pass the OUTPUT rules
// there and would be dropped with the kernel's.
func (g *guardChoice) new(ctx context.Context, def iptables.Mode, loopback bool) (*portGuard, error) {
	mode, backend, err := g.parse(def)
	if err != nil {
		return nil, err
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
