package endpoint

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"

	"tfocraft/wire/link"
)

// defaultEphemeral is the range of Linux (net.ipv4.ip_local_port_range).
var defaultEphemeral = link.PortRange{First: 32768, Last: 60999}

// A portTable gives out the local ports of a stack.
type portTable struct {
	ports     Ports // nil: nobody else has any
	guard     Guard // nil: nobody else answers
	sieve     *sieve
	ephemeral link.PortRange
	zone      string // of link-local addresses, as ports wants it

	mu     sync.Mutex
	taken  map[netip.AddrPort]*claim
	peak   int                          // the most that were taken since the maps were made
	dialed map[netip.AddrPort]*dialPort // those of dialed connections
	byAddr map[netip.Addr][]*dialPort   // the same, to pick from
	pairs  map[uint64]struct{}          // the dialed connections, by a hash: two with the same one cannot be dialed at a time
	seed   maphash.Seed                 // of the hash
}

func newPortTable(c *Config, s *sieve) *portTable {
	t := &portTable{ports: c.Ports, guard: c.Guard, ephemeral: c.Ephemeral, zone: c.Interface, sieve: s, seed: maphash.MakeSeed()}
	t.clear()
	return t
}

// clear makes the maps anew: they keep the room that they have grown to.
func (t *portTable) clear() {
	t.taken, t.peak = make(map[netip.AddrPort]*claim), 0
	t.dialed = make(map[netip.AddrPort]*dialPort)
	t.byAddr = make(map[netip.Addr][]*dialPort)
	t.pairs = make(map[uint64]struct{})
}

// A claim is a local port that is ours: nobody else on the host gets it, the
// kernel does not answer for it, and its frames come through. A listener
// shares its claim with the connections that it accepts, a dial with the
// connection that it opens; that one may be a part of a claim, see dialPort.
type claim struct {
	uses atomic.Int32
	open bool // for whatever comes, from whomever: a listener's
	undo []func() error
}

// drop ends one use and reports whether that was the last, after which the
// caller has to call release.
func (c *claim) drop() bool { return c.uses.Add(-1) == 0 }

func (c *claim) retain() { c.uses.Add(1) }

// release gives everything back, the latest first. It may take long.
func (c *claim) release() error {
	var errs []error
	for i := len(c.undo) - 1; i >= 0; i-- {
		errs = append(errs, c.undo[i]())
	}
	return errors.Join(errs...)
}

// claim takes the local ports, which are one port at an address of either
// family, for what comes from remote, or from everybody if that is zero.
func (t *portTable) claim(remote netip.AddrPort, locals ...netip.AddrPort) (*claim, error) {
	c := &claim{open: !remote.IsValid()}
	c.retain()
	for _, local := range locals {
		if err := t.add(c, local, remote); err != nil {
			return nil, errors.Join(err, c.release())
		}
	}
	return c, nil
}

func (t *portTable) add(c *claim, local, remote netip.AddrPort) error {
	if err := t.take(c, local); err != nil {
		return portError(local, err)
	}
	if err := t.sieve.add(local); err != nil {
		return errors.Join(fmt.Errorf("endpoint: port %d: %w", local.Port(), err), t.giveBack(local))
	}
	c.undo = append(c.undo, func() error { return errors.Join(t.sieve.remove(local.Port()), t.giveBack(local)) })
	if t.ports != nil {
		release, err := t.ports.Reserve(t.zoned(local))
		if err != nil {
			return portError(local, err)
		}
		c.undo = append(c.undo, release)
	}
	if t.guard != nil {
		release, err := t.protect(local, remote)
		if err != nil {
			return err
		}
		c.undo = append(c.undo, release)
	}
	t.sieve.take(local)
	c.undo = append(c.undo, func() error {
		t.sieve.leave(local)
		return nil
	})
	return nil
}

func (t *portTable) protect(local, remote netip.AddrPort) (release func() error, err error) {
	if release, err = t.guard.Protect(local, remote); err != nil {
		err = fmt.Errorf("endpoint: guard for %s: %w", local, err)
	}
	return release, err
}

// zoned adds the zone that only the kernel needs.
func (t *portTable) zoned(local netip.AddrPort) netip.AddrPort {
	if a := local.Addr(); a.Is6() && a.IsLinkLocalUnicast() {
		return netip.AddrPortFrom(a.WithZone(t.zone), local.Port())
	}
	return local
}

func portError(local netip.AddrPort, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("endpoint: port %d of %s is taken by the kernel or by another program: %w", local.Port(), local.Addr(), syscall.EADDRINUSE)
	}
	return fmt.Errorf("endpoint: reserve port %d of %s: %w", local.Port(), local.Addr(), err)
}

func (t *portTable) take(c *claim, local netip.AddrPort) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.taken[local]; ok {
		return syscall.EADDRINUSE
	}
	t.taken[local] = c
	t.peak = max(t.peak, len(t.taken))
	return nil
}

func (t *portTable) giveBack(local netip.AddrPort) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if delete(t.taken, local); len(t.taken) == 0 && t.peak > smallTable {
		t.clear()
	}
	return nil
}

// share adds a use to the claim that an earlier listener at the same addresses has
// left to its connections; nil if there is none.
func (t *portTable) share(locals ...netip.AddrPort) *claim {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.taken[locals[0]]
	for _, local := range locals {
		if c == nil || !c.open || t.taken[local] != c {
			return nil
		}
	}
	for n := c.uses.Load(); n > 0; n = c.uses.Load() {
		if c.uses.CompareAndSwap(n, n+1) {
			return c
		}
	}
	return nil
}

// claimAny claims a port of the ephemeral range, beginning at a random one
// (RFC 6056, Section 3.3.1), and returns it.
func (t *portTable) claimAny(remote netip.AddrPort, addrs ...netip.Addr) (*claim, uint16, error) {
	n := int(t.ephemeral.Last) - int(t.ephemeral.First) + 1
	start := rand.IntN(n)
	locals := make([]netip.AddrPort, len(addrs))
	for i := range n {
		port := t.ephemeral.First + uint16((start+i)%n)
		for k, addr := range addrs {
			locals[k] = netip.AddrPortFrom(addr, port)
		}
		c, err := t.claim(remote, locals...)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return c, port, err
		}
	}
	return nil, 0, fmt.Errorf("endpoint: all ports from %d to %d of %s are taken: %w", t.ephemeral.First, t.ephemeral.Last, addrs[0], syscall.EADDRINUSE)
}

// has reports whether the port was claimed.
func (t *portTable) has(local netip.AddrPort) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.taken[local]
	return ok
}
