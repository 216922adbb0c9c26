package endpoint

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// lazyReadDelay is how long a Read waits for a Write to share the SYN with. A
// program that is going to write does so within microseconds: net/http begins
// to read a moment before it writes its request.
const lazyReadDelay = 10 * time.Millisecond

// lazyFirstWrite bounds the bytes that go with the dial: more than any SYN has
// room for. The rest of the first Write follows the handshake.
const lazyFirstWrite = 64 << 10

// A LazyConn is a [net.Conn] whose SYN waits for the first Write, so that its
// data can travel in the SYN: what TCP_FASTOPEN_CONNECT is to a Linux socket.
// It lets programs that know nothing of Fast Open use it, http.Client among
// them. [Dialer.DialLazy] makes one. All methods may be called from any
// goroutine.
//
// The SYN leaves with the first of these:
//   - a Write, with as much of it as [Dialer.DialContext] puts into a SYN; it
//     returns without waiting for the handshake;
//   - a Read, 10 ms later, without data, so that a server that speaks first is
//     heard;
//   - an empty Write, CloseWrite or Connect, at once and without data.
//
// Whatever needs the connection waits for the handshake. If that fails, its
// error is what the first Read or second Write returns, as DialContext would.
type LazyConn struct {
	dialer Dialer
	remote netip.AddrPort
	ctx    context.Context // of the dial alone; Abort ends it
	cancel context.CancelFunc

	mu            sync.Mutex
	changed       sync.Cond
	begun         bool        // the SYN was asked for
	reading       *time.Timer // of a Read that waits for a Write; nil if there was none
	conn          *Conn       // once the handshake is over
	err           error       // why there is no conn
	splitting     bool        // the first Write has more to send, and comes before others
	writeClosed   bool        // by CloseWrite
	closed        bool        // by Close or Abort
	readDeadline  deadline    // both until there is conn, which has its own
	writeDeadline deadline
}

var _ net.Conn = (*LazyConn)(nil)

// DialLazy prepares a connection to an address as in [net.Dial], and sends
// nothing yet: the connection, a [*LazyConn], does so when it is first used.
// The signature is that of http.Transport's DialContext.
//
// ctx bounds the lookup of the address alone; Timeout bounds that, and later the
// handshake. What [Dialer] says about data that can arrive twice holds for the
// first Write: with Fast Open, do not give an http.Client with POST requests
// such connections.
func (d *Dialer) DialLazy(ctx context.Context, network, address string) (net.Conn, error) {
	lookup, done := ctx, context.CancelFunc(func() {})
	if d.Timeout > 0 {
		lookup, done = context.WithTimeout(ctx, d.Timeout)
	}
	defer done()
	remote, err := parseAddress(lookup, network, address)
	if err == nil {
		err = checkRemote(remote)
	}
	if err != nil {
		return nil, dialError(lookup, d.Source, netip.AddrPort{}, err)
	}
	c := &LazyConn{dialer: *d, remote: remote}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.changed.L = &c.mu
	return c, nil
}

// Connect sends the SYN without data if none was sent yet, waits until the
// handshake is over and returns the connection below, for its FastOpen, Info
// and Timing. The end of ctx ends the waiting, not the dial.
func (c *LazyConn) Connect(ctx context.Context) (*Conn, error) {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin(nil)
	for {
		switch {
		case c.conn != nil:
			return c.conn, nil
		case c.err != nil:
			return nil, c.err
		case !c.begun:
			return nil, c.opError("dial", net.ErrClosed)
		case ctx.Err() != nil:
			return nil, c.opError("dial", contextError(ctx))
		}
		c.changed.Wait()
	}
}

// begin makes the SYN leave with a copy of data, unless it was asked for before
// or never will be. The lock is held.
func (c *LazyConn) begin(data []byte) {
	if c.begun || c.closed {
		return
	}
	c.begun = true
	if c.reading != nil {
		c.reading.Stop()
	}
	go c.dial(bytes.Clone(data))
}

// dial makes the connection, and does to it what was done to c meanwhile.
func (c *LazyConn) dial(data []byte) {
	conn, err := c.dialer.DialContext(c.ctx, "tcp", c.remote.String(), data)
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.err = conn, err
	c.changed.Broadcast()
	if err != nil {
		return
	}
	// None of these fails on a connection that nobody else has seen yet.
	conn.SetReadDeadline(c.readDeadline.at)
	conn.SetWriteDeadline(c.writeDeadline.at)
	c.stopDeadlines()
	if c.writeClosed && !c.splitting {
		conn.CloseWrite()
	}
	if c.closed {
		conn.Close()
	}
}

func (c *LazyConn) stopDeadlines() {
	c.readDeadline.stop()
	c.writeDeadline.stop()
}

// await waits for the connection, and for enough besides. The lock is held.
func (c *LazyConn) await(op string, d *deadline, enough func() bool) (*Conn, error) {
	for {
		switch {
		case c.conn != nil && enough():
			return c.conn, nil
		case c.closed:
			return nil, c.opError(op, net.ErrClosed)
		case c.err != nil:
			return nil, c.err
		case c.conn == nil && d.passed():
			return nil, c.opError(op, os.ErrDeadlineExceeded)
		}
		c.changed.Wait()
	}
}

// Read implements [net.Conn].
func (c *LazyConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	if !c.begun && !c.closed && c.reading == nil {
		c.reading = time.AfterFunc(lazyReadDelay, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.begin(nil)
		})
	}
	conn, err := c.await("read", &c.readDeadline, func() bool { return true })
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return conn.Read(b)
}

// Write implements [net.Conn]. The first one sends the SYN.
func (c *LazyConn) Write(b []byte) (int, error) {
	n, conn, err := c.beginWrite(b)
	if conn == nil || err != nil {
		return n, err
	}
	more, err := conn.Write(b[n:])
	if n > 0 {
		c.endSplit()
	}
	return n + more, err
}

// beginWrite sends the SYN with n bytes of b if that is still to do, and
// otherwise, or if there are more, returns the connection for the rest.
func (c *LazyConn) beginWrite(b []byte) (n int, conn *Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := !c.begun; first && !c.closed && !c.writeDeadline.passed() {
		n = min(len(b), lazyFirstWrite)
		c.begin(b[:n])
		if n == len(b) {
			return n, nil, nil
		}
		c.splitting = true
	}
	conn, err = c.await("write", &c.writeDeadline, func() bool { return n > 0 || !c.splitting })
	if err != nil && n > 0 {
		c.splitting = false
		c.changed.Broadcast()
	}
	return n, conn, err
}

// endSplit lets other writers go on after the first Write.
func (c *LazyConn) endSplit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.splitting = false
	c.changed.Broadcast()
	if c.writeClosed {
		c.conn.CloseWrite()
	}
}

// CloseWrite sends a FIN behind what was written, and the SYN before it if that
// was not sent yet. Reading goes on.
func (c *LazyConn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil && !c.splitting:
		return c.conn.CloseWrite()
	case c.closed:
		return c.opError("close", net.ErrClosed)
	}
	c.begin(nil)
	c.writeClosed = true
	return nil
}

// Close gives the connection up. Before the SYN nothing is ever sent; during the
// handshake what was written is still sent once that is over, as by
// [Conn.Close]. A second Close does nothing.
func (c *LazyConn) Close() error { return c.giveUp((*Conn).Close) }

// Abort gives the connection up at once, with a reset if there is a peer that
// knows of it.
func (c *LazyConn) Abort() error {
	c.cancel()
	return c.giveUp((*Conn).Abort)
}

func (c *LazyConn) giveUp(end func(*Conn) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.stopDeadlines()
	c.changed.Broadcast()
	if !c.begun {
		c.cancel()
		if c.reading != nil {
			c.reading.Stop()
		}
	}
	if c.conn == nil {
		return nil
	}
	return end(c.conn)
}

// LocalAddr returns a [*net.TCPAddr]; before the handshake is over, what
// Dialer.Source says.
func (c *LazyConn) LocalAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return c.conn.LocalAddr()
	}
	return net.TCPAddrFromAddrPort(c.dialer.Source)
}

// RemoteAddr returns a [*net.TCPAddr].
func (c *LazyConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// SetDeadline implements [net.Conn].
func (c *LazyConn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, (*Conn).SetDeadline, &c.readDeadline, &c.writeDeadline)
}

// SetReadDeadline implements [net.Conn].
func (c *LazyConn) SetReadDeadline(t time.Time) error {
	return c.setDeadlines(t, (*Conn).SetReadDeadline, &c.readDeadline)
}

// SetWriteDeadline implements [net.Conn]. It does not end the handshake: the
// first Write does not wait for that.
func (c *LazyConn) SetWriteDeadline(t time.Time) error {
	return c.setDeadlines(t, (*Conn).SetWriteDeadline, &c.writeDeadline)
}

func (c *LazyConn) setDeadlines(t time.Time, set func(*Conn, time.Time) error, own ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil:
		return set(c.conn, t)
	case c.closed:
		return c.opError("set", net.ErrClosed)
	}
	for _, d := range own {
		d.set(t, &c.changed)
	}
	return nil
}

func (c *LazyConn) opError(op string, err error) error {
	source := c.dialer.Source
	if !source.Addr().IsValid() {
		source = netip.AddrPort{}
	}
	return opError(op, source, c.remote, err)
}
