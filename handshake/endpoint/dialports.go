package endpoint

import (
	"errors"
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"sync"
	"syscall"
)

// Local ports of dialed connections. A port costs a socket that reserves it, a
// rule of the guard and a line in the filter, so connections to different
// remotes can share one, as they do in the kernel.
//
// Sharing has a price of its own: who serves one of the connections knows the
// port of another, and half of what a blind attacker has to guess (RFC 6056,
// Section 2). So up to shareFrom ports every connection gets a fresh random one,
// and after that one of those at random. Only as many connections to the same
// remote take more.
const shareFrom = 1024

// sharePicks is how many ports in use are looked at for one without a
// connection to the remote before a fresh one is taken.
const sharePicks = 16

// A dialPort is a local port with connections to different remotes.
type dialPort struct {
	local netip.AddrPort
	claim *claim

	// Guarded by the table's lock.
	users int
	index int // in portTable.byAddr

	widening sync.Mutex
	wide     bool // the guard covers all remotes, not only the first
}

// claimFor claims the port of a connection from source to remote; port 0 stands
// for any. The local address and port are returned with the claim.
func (t *portTable) claimFor(source, remote netip.AddrPort) (*claim, netip.AddrPort, error) {
	if source.Port() != 0 {
		c, err := t.claimNamed(source, remote)
		return c, source, err
	}
	addr := source.Addr()
	if p := t.joinRandom(addr, remote); p != nil {
		return t.shared(p, remote)
	}
	c, port, err := t.claimAny(remote, addr)
	if err == nil {
		local := netip.AddrPortFrom(addr, port)
		return t.first(c, local, remote), local, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		if p := t.joinFree(addr, remote); p != nil {
			return t.shared(p, remote)
		}
	}
	return nil, netip.AddrPort{}, err
}

// claimNamed claims one port.
func (t *portTable) claimNamed(local, remote netip.AddrPort) (*claim, error) {
	p, busy := t.join(local, remote)
	switch {
	case busy:
		return nil, portError(local, syscall.EADDRINUSE)
	case p != nil:
		c, _, err := t.shared(p, remote)
		return c, err
	}
	c, err := t.claim(remote, local)
	if err != nil {
		return nil, err
	}
	return t.first(c, local, remote), nil
}

// first makes a port that was just claimed one that can be shared, and returns
// the claim of its first connection.
func (t *portTable) first(c *claim, local, remote netip.AddrPort) *claim {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.byAddr[local.Addr()]
	p := &dialPort{local: local, claim: c, index: len(list)}
	t.byAddr[local.Addr()] = append(list, p)
	t.dialed[local] = p
	t.use(p, remote)
	return t.part(p, remote)
}

// shared is the claim of one more connection, which has joined p already.
func (t *portTable) shared(p *dialPort, remote netip.AddrPort) (*claim, netip.AddrPort, error) {
	c := t.part(p, remote)
	if err := t.widen(p); err != nil {
		return nil, p.local, errors.Join(err, c.release())
	}
	return c, p.local, nil
}

// part is what one connection has of p.
func (t *portTable) part(p *dialPort, remote netip.AddrPort) *claim {
	c := &claim{undo: []func() error{func() error { return t.leave(p, remote) }}}
	c.retain()
	return c
}

// widen makes the guard cover a second remote, and with it all others.
func (t *portTable) widen(p *dialPort) error {
	p.widening.Lock()
	defer p.widening.Unlock()
	if p.wide || t.guard == nil {
		return nil
	}
	release, err := t.protect(p.local, netip.AddrPort{})
	if err == nil {
		p.claim.undo = append(p.claim.undo, release)
		p.wide = true
	}
	return err
}

// join takes a place at a port, if connections from there are known and none
// goes to remote; busy tells that one does.
func (t *portTable) join(local, remote netip.AddrPort) (p *dialPort, busy bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p = t.dialed[local]
	switch {
	case p == nil:
		return nil, false
	case t.inUse(p, remote):
		return nil, true
	}
	t.use(p, remote)
	return p, false
}

// pair is the key of a connection in portTable.pairs.
func (t *portTable) pair(p *dialPort, remote netip.AddrPort) uint64 {
	return maphash.Comparable(t.seed, tuple{p.local, remote})
}

// joinRandom takes a place at a random port of addr, if there are many.
func (t *portTable) joinRandom(addr netip.Addr, remote netip.AddrPort) *dialPort {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.byAddr[addr]
	if len(list) < shareFrom {
		return nil
	}
	for range sharePicks {
		if p := list[rand.IntN(len(list))]; !t.inUse(p, remote) {
			t.use(p, remote)
			return p
		}
	}
	return nil
}

// joinFree takes a place at any port of addr that has none to remote.
func (t *portTable) joinFree(addr netip.Addr, remote netip.AddrPort) *dialPort {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.byAddr[addr] {
		if !t.inUse(p, remote) {
			t.use(p, remote)
			return p
		}
	}
	return nil
}

func (t *portTable) inUse(p *dialPort, remote netip.AddrPort) bool {
	_, ok := t.pairs[t.pair(p, remote)]
	return ok
}

func (t *portTable) use(p *dialPort, remote netip.AddrPort) {
	t.pairs[t.pair(p, remote)] = struct{}{}
	p.users++
}

// leave ends a connection's use of p. The last one gives the port back.
func (t *portTable) leave(p *dialPort, remote netip.AddrPort) error {
	t.mu.Lock()
	delete(t.pairs, t.pair(p, remote))
	p.users--
	last := p.users == 0
	if last {
		t.forget(p)
	}
	t.mu.Unlock()
	if !last {
		return nil
	}
	return p.claim.release()
}

// forget keeps others from joining p.
func (t *portTable) forget(p *dialPort) {
	delete(t.dialed, p.local)
	list := t.byAddr[p.local.Addr()]
	end := len(list) - 1
	list[p.index] = list[end]
	list[p.index].index = p.index
	list[end] = nil
	if t.byAddr[p.local.Addr()] = list[:end]; end == 0 {
		delete(t.byAddr, p.local.Addr())
	}
}
