package endpoint

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/wire/link"
)

// A Dialer opens connections.
//
// Fast Open is off unless FastOpen asks for it. With it, data given to
// [Dialer.DialContext] travels in the SYN, and a SYN can reach the server's
// application more than once: the network may duplicate it, and if the first
// copy's connection has been closed or the server has restarted meanwhile,
// nothing tells the second from a new request (RFC 7413, Section 2.1). So give
// it only data that may be acted on twice without harm: a query, an HTTP GET,
// a TLS ClientHello; never an order or a payment without a number of its own.
//
// What is not set has its default. A Dialer may be used by many goroutines at
// once, and is not changed while it is.
type Dialer struct {
	Stack *Stack // must be set
	// Source is the local address and port. Without an address the Router
	// chooses, port 0 takes a random one. Connections to different remotes may
	// have the same port.
	Source netip.AddrPort
	// Timeout bounds a dial, besides its context; 0 means not at all.
	Timeout time.Duration

	// FastOpen is off at zero.
	FastOpen handshake.ClientMode
	// Cache remembers cookies and what did not work; nil remembers nothing, so
	// that every connection asks for a cookie.
	Cache cookie.Cache
	// Cookie, of up to 38 bytes, is shown in place of the one in Cache, whose
	// blocked paths do not count then; none is blocked for what becomes of it.
	Cookie cookie.Cookie
	// Experimental sends the option as kind 254 with 0xF989 (RFC 7413,
	// Section 9). A cookie from Cache is shown in the form that it came in.
	Experimental bool

	// Machine is the template of the connections. What a connection has of its
	// own is filled in; MSS may be set to lower it.
	Machine handshake.Config
}

// DialContext opens a connection to an address as in [net.Dial]; network is
// "tcp", "tcp4" or "tcp6". It is connect and write in one call (RFC 7413,
// Appendix A.1): data, which may be nil, is sent first. With Fast Open and a
// cookie at hand, as much of it as may travel in the SYN does; all of it is
// sent, and whatever becomes of Fast Open, this connection delivers it once.
//
// What is in the SYN can still reach the server's application a second time, as
// a connection of its own: somebody on the path, or the network by itself, sends
// the SYN again, and the server no longer remembers that it had it (RFC 7413,
// Section 2.1). The server then acts on the data twice, without this side
// learning of it. So with Fast Open give only data that may be acted on twice.
//
// It returns when the handshake is over, also if the data was in the SYN: only
// then is it known whether there is a connection at all. [Conn.FastOpen] then
// tells the whole story. The error is a [*net.OpError]; if the handshake
// failed it holds a [*HandshakeError].
func (d *Dialer) DialContext(ctx context.Context, network, address string, data []byte) (*Conn, error) {
	if d.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	remote, err := parseAddress(ctx, network, address)
	if err == nil {
		err = checkRemote(remote)
	}
	if err != nil {
		return nil, dialError(ctx, d.Source, netip.AddrPort{}, err)
	}
	c, err := d.prepare(ctx, remote)
	if err != nil {
		return nil, dialError(ctx, d.Source, remote, err)
	}
	// A fresh machine only queues. What it has no room for follows as room
	// comes.
	c.rest = slices.Clone(data[c.machine.Queue(data):])
	if err := c.open(ctx); err != nil {
		return nil, c.opError("dial", err)
	}
	return c, nil
}

// dialError wraps an error from before there was a connection.
func dialError(ctx context.Context, source, remote netip.AddrPort, err error) error {
	if ctx.Err() != nil {
		err = contextError(ctx)
	}
	if !source.Addr().IsValid() {
		source = netip.AddrPort{}
	}
	return opError("dial", source, remote, err)
}

// prepare makes a connection that is ready to send its SYN.
func (d *Dialer) prepare(ctx context.Context, remote netip.AddrPort) (*Conn, error) {
	s := d.Stack
	hop, err := d.route(ctx, remote.Addr())
	if err != nil {
		return nil, err
	}
	mss := hopSegmentSize(&hop, s.mtu, hop.Source)
	switch {
	case mss <= 0:
		return nil, fmt.Errorf("endpoint: the MTU of the way to %s leaves no room for data: %w", remote.Addr(), syscall.EMSGSIZE)
	case ctx.Err() != nil:
		return nil, contextError(ctx)
	}
	remote = netip.AddrPortFrom(remote.Addr().WithZone(""), remote.Port())
	claim, local, err := s.ports.claimFor(netip.AddrPortFrom(hop.Source.Unmap().WithZone(""), d.Source.Port()), remote)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	config := s.machineConfig(d.Machine, local, remote, mss)
	config.ISS = s.isn.ISN(now, local, remote)
	config.FastOpen = d.fastOpen(now, cookie.Path{Client: local.Addr(), Server: remote.Addr(), Port: remote.Port()})
	c := s.newConn(local, remote, handshake.NewClient(config), claim)
	c.dial = &dialing{opened: make(chan struct{}), cache: d.cache(), ownCookie: !d.Cookie.IsZero()}
	c.flow = newFlowLabel()
	c.setHeader(hop.Header)
	return c, nil
}

// route asks for the way to a destination.
func (d *Dialer) route(ctx context.Context, remote netip.Addr) (link.Hop, error) {
	c := &d.Stack.config
	if c.Router == nil {
		return link.Hop{}, fmt.Errorf("endpoint: %w: the stack has no Router", link.ErrNoRoute)
	}
	hop, err := c.Router.Resolve(ctx, remote, d.Source.Addr().Unmap(), c.Interface)
	if err != nil {
		return hop, err
	}
	if c.Interface != "" && hop.Interface != c.Interface {
		return hop, fmt.Errorf("endpoint: %w to %s over %s: it is reached over %s", link.ErrNoRoute, remote, c.Interface, hop.Interface)
	}
	return hop, nil
}

func hopSegmentSize(hop *link.Hop, mtu int, local netip.Addr) int {
	local = local.Unmap()
	size := segmentSize(mtu, local)
	if hop.MTU > 0 {
		size = min(size, segmentSize(hop.MTU, local))
	}
	if hop.AdvMSS > 0 {
		size = min(size, hop.AdvMSS)
	}
	return size
}

// fastOpen decides what the connection knows about Fast Open.
func (d *Dialer) fastOpen(now time.Time, path cookie.Path) handshake.ClientFastOpen {
	fo := handshake.ClientFastOpen{Mode: d.FastOpen, Experimental: d.Experimental}
	if fo.Mode == handshake.ClientOff {
		return fo
	}
	var hint cookie.Hint
	if d.Cache != nil {
		var err error
		if hint, err = d.Cache.Lookup(now, path); err != nil {
			d.Stack.log.Warn("endpoint: cookie cache", "error", err)
		}
	}
	fo.MSS = hint.MSS
	switch {
	case !d.Cookie.IsZero():
		fo.Cookie = d.Cookie
	case hint.BlockedAt(now):
		fo.Mode, fo.OffBecause = handshake.ClientOff, hint.Blocked
	case fo.Mode == handshake.ClientOn && !hint.Cookie.IsZero():
		fo.Cookie, fo.Experimental = hint.Cookie, hint.Experimental
	}
	return fo
}

// cache returns where lessons go: nowhere if Fast Open was not asked for.
func (d *Dialer) cache() cookie.Cache {
	if d.FastOpen == handshake.ClientOff {
		return nil
	}
	return d.Cache
}

// dialing is what a connection needs while it is dialed.
type dialing struct {
	opened    chan struct{} // closed when the handshake is over or has failed
	over      bool          // opened is closed
	cache     cookie.Cache  // for a connection that uses Fast Open; or nil
	ownCookie bool          // the application's cookie was shown: a refusal says nothing about the path
	lessons   []lesson      // for the cache, all learnt before the dial is over
	alone     bool          // nobody waits for it: the loop does what is left to do
}

// open sends the SYN and waits until the handshake is over. When it fails, the
// port is free again and the cache has what was learnt.
func (c *Conn) open(ctx context.Context) error {
	// A second use of the claim keeps the loop's from being the last one, which
	// would be given back a moment later.
	c.claim.retain()
	defer c.stack.giveBack(c.claim)
	if err := c.start(ctx); err != nil {
		c.stack.giveBack(c.claim)
		return err
	}
	dial := c.dial
	err := c.await(ctx, dial.opened)
	c.mu.Lock()
	c.dial = nil
	c.mu.Unlock()
	c.teach(dial)
	if err != nil {
		return &HandshakeError{Err: err, Info: c.Info(), Timing: c.Timing()}
	}
	return nil
}

// start makes the loop send the SYN.
func (c *Conn) start(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	var err error
	if c.stack.mail.call(func(now time.Time) { err = c.stack.loop.dial(now, c) }) != nil {
		return net.ErrClosed
	}
	return err
}

// await returns when the handshake is over. A context that is done before ends
// the connection.
func (c *Conn) await(ctx context.Context, opened <-chan struct{}) error {
	select {
	case <-opened:
		return c.failure()
	case <-ctx.Done():
		// An error means that the loop has ended, and the connection with it.
		_ = c.stack.mail.call(func(now time.Time) { c.stack.loop.abort(now, c) })
		return contextError(ctx)
	}
}

// failure returns why there is no connection, or nil if there is, or was.
func (c *Conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timing.established > 0:
		return nil
	case c.err != nil:
		return c.err
	}
	return net.ErrClosed
}

// dial sends the SYN.
func (l *loop) dial(now time.Time, c *Conn) error {
	if l.draining {
		return net.ErrClosed
	}
	if !l.insert(c) {
		return portError(c.local, syscall.EADDRINUSE)
	}
	l.counters.ActiveOpens++
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stack.mark(&c.timing.syn, now)
	l.apply(now, c, c.machine.Open(now, l.outputs[:0]))
	return nil
}
