package endpoint

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
)

// defaultBacklog is what package net asks for on Linux, where it is the limit, too
// (net.core.somaxconn since Linux 5.4): enough for some thousand clients that come
// at once.
const defaultBacklog = 4096

// A ListenConfig describes a listener.
//
// Fast Open is off unless FastOpen.Enabled is set, and it must stay off for
// applications that cannot bear to see the same request twice: a SYN with its
// data can be delivered again when this side has lost its state meanwhile, and
// also when the client has closed first, so that nobody remembers the
// connection (RFC 7413, Section 2.1). A request that only reads is safe; one
// that orders goods is not, unless it carries a number that tells it from its
// copy.
type ListenConfig struct {
	Stack *Stack // must be set
	// FastOpen says which SYNs have their data taken, and how many connections
	// opened by such a SYN may be unconfirmed at a time. A keyring with a
	// rotation that is due gets a new random key.
	FastOpen handshake.GateConfig
	// Backlog bounds the connections that wait for Accept, and likewise those
	// whose handshake is not over; 0 means 4096. While as many wait for Accept,
	// SYNs are dropped, and so are the ACKs that would end a handshake: the
	// client does not learn of it and tries again. While as many are half open,
	// SynCookies says what becomes of a SYN. Connections opened by SYN data wait
	// for Accept from the start; FastOpen.MaxPending bounds those that are not
	// confirmed.
	Backlog int
	// SynCookies keeps a flood of SYNs from locking clients out; on by default,
	// as in Linux.
	SynCookies SynCookies
	// ReuseAddr lets the listener have a port at which connections are left that an
	// earlier listener with the same addresses has accepted (SO_REUSEADDR).
	ReuseAddr bool
	// Handler serves the connections in place of Accept, which then returns none.
	Handler Handler
	// HandlerTimeout is how long a connection may take before its handler is told that
	// it has taken too long; 0 means as long as it likes.
	HandlerTimeout time.Duration
	// ReuseConns lets connections that the handler has closed leave their memory to the
	// next ones. It takes a handler that nobody else has them from: after Close nobody
	// uses them, and before that no goroutine but the stack's.
	ReuseConns bool
	// IPHeader is what stands in the IP header of their packets.
	IPHeader IPHeader
	// Machine is the template of the connections. Ports, family, sequence
	// number and timestamp offset are filled in; MSS may be set to lower it.
	Machine handshake.Config
}

// A Listener accepts connections. All methods may be called from any goroutine.
type Listener struct {
	stack  *Stack
	config ListenConfig
	addr   netip.AddrPort
	claim  *claim
	queue  chan *Conn

	once   sync.Once
	closed chan struct{}
	err    error // why, set before closed is closed

	// Owned by the loop.
	keys       []netip.AddrPort // that it is known by
	gate       *handshake.Gate
	halfOpen   int       // connections whose SYN had no data that was taken
	cookiesAt  time.Time // when the last SYN cookie was sent
	overflowAt time.Time // when the last one came back for which there was no room
}

var _ net.Listener = (*Listener)(nil)

// Listen announces a local address, written as for [net.Listen]. Without a host
// it listens on all addresses of the stack, of both families unless the
// network is "tcp4" or "tcp6". Port 0 takes a free one.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (*Listener, error) {
	local, err := parseAddress(ctx, network, address)
	if err != nil {
		return nil, opError("listen", netip.AddrPort{}, netip.AddrPort{}, err)
	}
	ln, err := lc.listen(network, local)
	if err != nil {
		return nil, opError("listen", netip.AddrPort{}, local, err)
	}
	return ln, nil
}

func (lc *ListenConfig) listen(network string, local netip.AddrPort) (*Listener, error) {
	s := lc.Stack
	ln := &Listener{stack: s, config: *lc, gate: handshake.NewGate(lc.FastOpen), closed: make(chan struct{})}
	if ln.config.Backlog <= 0 {
		ln.config.Backlog = defaultBacklog
	}
	ln.queue = make(chan *Conn, ln.config.Backlog)
	var err error
	if ln.keys, ln.claim, err = s.claimListen(listenAddrs(network, local.Addr()), local.Port(), lc.ReuseAddr); err != nil {
		return nil, err
	}
	ln.addr = netip.AddrPortFrom(local.Addr(), ln.keys[0].Port())
	if s.mail.call(func(time.Time) { err = s.loop.listen(ln) }) != nil {
		err = net.ErrClosed
	}
	if err != nil {
		s.giveBack(ln.claim)
		return nil, err
	}
	return ln, nil
}

// listen makes a listener known.
func (l *loop) listen(ln *Listener) error {
	if l.draining {
		return net.ErrClosed
	}
	for _, key := range ln.keys {
		if l.listeners[key] != nil {
			return portError(key, syscall.EADDRINUSE)
		}
	}
	for _, key := range ln.keys {
		l.listeners[key] = ln
	}
	return nil
}

func (s *Stack) claimListen(addrs []netip.Addr, port uint16, reuse bool) (keys []netip.AddrPort, c *claim, err error) {
	if port == 0 {
		c, port, err = s.ports.claimAny(netip.AddrPort{}, addrs...)
	}
	for _, a := range addrs {
		keys = append(keys, netip.AddrPortFrom(a, port))
	}
	if c == nil && err == nil && reuse {
		c = s.ports.share(keys...)
	}
	if c == nil && err == nil {
		c, err = s.ports.claim(netip.AddrPort{}, keys...)
	}
	return keys, c, err
}

// listenAddrs returns the addresses that a listener is known by: as in package
// net, the unspecified one of IPv6 stands for both families unless the network
// names one, and that of IPv4 for itself.
func listenAddrs(network string, a netip.Addr) []netip.Addr {
	if a != netip.IPv6Unspecified() || network != "tcp" {
		return []netip.Addr{a}
	}
	return []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
}

// Addr returns a [*net.TCPAddr].
func (ln *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(ln.addr) }

// Accept implements [net.Listener]; the connection is a [*Conn].
func (ln *Listener) Accept() (net.Conn, error) {
	c, err := ln.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP waits for a connection: one whose handshake is over, or one whose
// SYN has brought data that was admitted.
func (ln *Listener) AcceptTCP() (*Conn, error) {
	select {
	case <-ln.closed:
		return nil, ln.acceptError()
	default:
	}
	select {
	case c := <-ln.queue:
		c.accepted()
		return c, nil
	case <-ln.closed:
		return nil, ln.acceptError()
	}
}

func (ln *Listener) acceptError() error {
	return opError("accept", netip.AddrPort{}, ln.addr, ln.err)
}

// SetFastOpen replaces ListenConfig.FastOpen from the next SYN on. Connections that
// are pending stay so. It is what TCP_FASTOPEN and TCP_FASTOPEN_KEY do to a socket
// that listens.
func (ln *Listener) SetFastOpen(c handshake.GateConfig) error {
	err := net.ErrClosed
	change := func(time.Time) {
		select {
		case <-ln.closed:
		default:
			if err = ln.gate.Configure(c); err == nil {
				ln.config.FastOpen = c
			}
		}
	}
	if ln.stack.mail.call(change) != nil || err != nil {
		return opError("set", netip.AddrPort{}, ln.addr, err)
	}
	return nil
}

// SetDeferAccept replaces Machine.DeferAccept of the ListenConfig from the next SYN
// on. It is what TCP_DEFER_ACCEPT does to a socket that listens.
func (ln *Listener) SetDeferAccept(timeouts uint8) error {
	return ln.set(func() { ln.config.Machine.DeferAccept = timeouts })
}

// SetBacklog replaces Backlog of the ListenConfig; it cannot become more than it was
// at first. It is what a second listen(2) does.
func (ln *Listener) SetBacklog(n int) error {
	return ln.set(func() { ln.config.Backlog = max(min(n, cap(ln.queue)), 1) })
}

// SetIPHeader replaces IPHeader of the ListenConfig for connections that are not
// begun yet.
func (ln *Listener) SetIPHeader(h IPHeader) error {
	return ln.set(func() { ln.config.IPHeader = h })
}

// set changes the listener, in the loop.
func (ln *Listener) set(change func()) error {
	err := net.ErrClosed
	call := func(time.Time) {
		select {
		case <-ln.closed:
		default:
			change()
			err = nil
		}
	}
	if ln.stack.mail.call(call) != nil || err != nil {
		return opError("set", netip.AddrPort{}, ln.addr, err)
	}
	return nil
}

// Close stops listening and resets the connections that nobody has accepted,
// also those whose handshake is not over. Clients that were answered by a SYN
// cookie get a reset for their ACK. Connections that were accepted go on, and the port stays taken until the last of
// them is gone. A second Close does nothing.
func (ln *Listener) Close() error {
	stopped := false
	// An error means that the loop has ended, and the listener with it.
	_ = ln.stack.mail.call(func(now time.Time) { stopped = ln.stack.loop.closeListener(now, ln) })
	if stopped {
		ln.stack.giveBack(ln.claim)
	}
	return nil
}

// full reports whether no more connections can wait for Accept.
func (ln *Listener) full() bool { return len(ln.queue) >= ln.config.Backlog }

// crowded reports whether no more connections can be half open.
func (ln *Listener) crowded() bool { return ln.halfOpen >= ln.config.Backlog }

// overflows reports whether a segment that opens or completes a connection has
// to be dropped because too many wait for Accept, and counts it.
func (ln *Listener) overflows(n *Counters) bool {
	if !ln.full() {
		return false
	}
	n.ListenOverflows++
	n.ListenDrops++
	return true
}

// stop ends Accept. It reports false if that was done before.
func (ln *Listener) stop(err error) bool {
	first := false
	ln.once.Do(func() {
		ln.err = err
		close(ln.closed)
		first = true
	})
	return first
}

// rotate gives the keyring a new key if its rotation is due.
func (ln *Listener) rotate(now time.Time, newKey func() (cookie.Key, error)) error {
	keys := ln.config.FastOpen.Keyring
	if keys == nil || !keys.Due(now) {
		return nil
	}
	key, err := newKey()
	if err != nil {
		return fmt.Errorf("endpoint: rotate the cookie key: %w", err)
	}
	keys.RotateAt(now, key)
	return nil
}
