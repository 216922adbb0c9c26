package endpoint_test

import (
	"net/netip"
	"testing"

	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/link/hosttest"
)

// A host opens guarded stacks in its namespace.
type host struct {
	*hosttest.Host
	t testing.TB
}

func newHost(t testing.TB) *host {
	t.Helper()
	return &host{hosttest.New(t), t}
}

// wired returns two hosts joined by a veth pair: ours is 192.0.2.1 and
// 2001:db8::1, the other one, whose kernel speaks Fast Open, has 2 for 1.
func wired(t testing.TB) (near, far *host) {
	t.Helper()
	a, b := hosttest.Wired(t)
	a.Address("veth0", client4.String()+"/24", client6.String()+"/64")
	b.Address("veth0", server4.String()+"/24", server6.String()+"/64")
	b.Sysctl("net/ipv4/tcp_fastopen", "3")
	return &host{a, t}, &host{b, t}
}

// A kernelGuard is the guard of package iptables.
type kernelGuard struct{ *iptables.Guard }

func (g kernelGuard) Protect(local, remote netip.AddrPort) (func() error, error) {
	scope := iptables.Scope{Local: local, Remote: remote, Mode: iptables.ModeInbound}
	return func() error { return g.Remove(scope) }, g.Add(scope)
}

// open opens a guarded stack on an interface of the host.
func (h *host) open(ifname string) *endpoint.Stack {
	h.t.Helper()
	return h.openWith(ifname, endpoint.Config{})
}

// openWith is open with a configuration, which gets a guard.
func (h *host) openWith(ifname string, c endpoint.Config) *endpoint.Stack {
	h.t.Helper()
	var s *endpoint.Stack
	h.Do(func() error {
		g, err := iptables.Open(h.t.Context(), iptables.Config{})
		if err != nil {
			return err
		}
		h.t.Cleanup(func() {
			if left := g.Scopes(); len(left) > 0 {
				h.t.Errorf("rules are left: %v", left)
			}
			g.Close()
		})
		c.Guard = kernelGuard{g}
		s, err = endpoint.Open(ifname, c)
		return err
	})
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return s
}
