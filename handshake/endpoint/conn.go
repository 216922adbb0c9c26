package endpoint

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/ring"
)

// A Conn is a TCP connection. All methods may be called from any goroutine.
type Conn struct {
	stack         *Stack
	local, remote netip.AddrPort
	posted        bool // guarded by the mailbox: the loop is to look at the connection

	line // the loop's part

	mu                 sync.Mutex // guards all below, and the machine
	readable, writable sync.Cond
	machine            *handshake.Machine
	in                 ring.Ring // delivered
	sink               []byte    // of a Read that waits: it is filled before in is
	filled             int       // bytes in it
	consumed           int       // read by the application, of which the machine does not know yet
	rest               []byte    // of what Dial was given: written before anything else, as room comes
	eof                bool      // nothing follows in
	writing            bool      // a Write is going on
	writeClosed        bool      // by CloseWrite
	closed             bool      // by Close or Abort
	aborted            bool      // by Abort
	discard            bool      // Close is to be an Abort
	ended              bool      // the machine has
	ownCookie          bool      // the application's cookie was shown: a refusal says nothing about the path
	err                error     // why it has ended, as an errno; nil after an orderly end
	readDeadline       deadline
	writeDeadline      deadline
	timing             Timing
	cache              cookie.Cache // of a dialed connection that uses Fast Open; or nil
	lessons            []lesson     // for the cache, all learnt before the dial is over
}

var _ net.Conn = (*Conn)(nil)

// Timing tells when things happened; the zero time means not yet.
type Timing struct {
	Syn         time.Time // the first SYN was sent, or came in
	Established time.Time // the handshake was over
	FirstByte   time.Time // the first byte from the peer came in
}

// LocalAddr returns a [*net.TCPAddr].
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns a [*net.TCPAddr].
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// maxCopy is how many bytes are copied at most while the loop is kept from the
// connection.
const maxCopy = 128 << 10

// Write implements [net.Conn]. It returns when the bytes have room in the send
// buffer; several Writes at once do not mix.
func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginWrite(); err != nil {
		return 0, c.opError("write", err)
	}
	defer c.endWrite()
	n := 0
	for n < len(b) {
		took := c.machine.Queue(b[n:min(len(b), n+maxCopy)])
		n += took
		if took > 0 {
			c.stack.mail.post(c)
			c.mu.Unlock() // the loop sends while the rest is copied
			c.mu.Lock()
		} else {
			c.writable.Wait()
		}
		if err := c.writeError(); n < len(b) && err != nil {
			return n, c.opError("write", err)
		}
	}
	return n, nil
}

// beginWrite waits until no other Write is going on, Dial's included.
func (c *Conn) beginWrite() error {
	for {
		if err := c.writeError(); err != nil {
			return err
		}
		if !c.writing && len(c.rest) == 0 {
			c.writing = true
			return nil
		}
		c.writable.Wait()
	}
}

func (c *Conn) endWrite() {
	c.writing = false
	c.writable.Broadcast()
}

// writeError returns why nothing can be written now, or nil.
func (c *Conn) writeError() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.writeDeadline.passed():
		return os.ErrDeadlineExceeded
	case c.err != nil:
		return c.err
	case c.writeClosed || c.ended:
		return syscall.EPIPE
	}
	return nil
}

// CloseWrite sends a FIN behind what was written. Reading goes on.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	c.writeClosed = true
	c.writable.Broadcast()
	c.stack.mail.post(c)
	return nil
}

// Close gives the connection up and returns at once. What was written is still
// sent, with a FIN behind it, unless the application has left bytes unread:
// then the peer gets a reset (RFC 9293, Section 3.6.1). [Stack.Shutdown] waits
// for the end, and [Conn.SetLinger] asks for a reset. A second Close does
// nothing.
func (c *Conn) Close() error { return c.giveUp(false) }

// Abort gives the connection up with a reset, at once.
func (c *Conn) Abort() error { return c.giveUp(true) }

func (c *Conn) giveUp(abort bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && !abort {
		return nil
	}
	c.markClosed()
	c.aborted = c.aborted || abort || c.discard
	c.stack.mail.post(c)
	return nil
}

// markClosed ends what the application does with the connection.
func (c *Conn) markClosed() {
	c.closed = true
	c.in.Reset(&c.stack.buffers)
	c.readDeadline.stop()
	c.writeDeadline.stop()
	c.readable.Broadcast()
	c.writable.Broadcast()
}

// SetDeadline implements [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, true, true) }

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, true, false) }

// SetWriteDeadline implements [net.Conn].
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, false, true) }

func (c *Conn) setDeadlines(t time.Time, read, write bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	if read {
		c.readDeadline.set(t, &c.readable)
	}
	if write {
		c.writeDeadline.set(t, &c.writable)
	}
	return nil
}

// FastOpen tells what became of Fast Open on this connection, and why.
func (c *Conn) FastOpen() handshake.FastOpenInfo { return c.Info().FastOpen }

// Info returns a snapshot of the connection; after its end, the last one.
func (c *Conn) Info() handshake.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.Info()
}

// Timing tells when things happened on this connection.
func (c *Conn) Timing() Timing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timing
}

func (c *Conn) opError(op string, err error) error { return opError(op, c.local, c.remote, err) }
