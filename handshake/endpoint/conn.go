package endpoint

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

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
	readable, writable condition
	machine            *handshake.Machine
	in                 ring.Ring  // delivered
	sink               []byte     // of a Read that waits: it is filled before in is
	filled             int32      // bytes in it
	consumed           int32      // read by the application, of which the machine does not know yet
	rest               []byte     // of what Dial was given: written before anything else, as room comes
	eof                bool       // nothing follows in
	writing            bool       // a Write is going on
	handled            *handled   // nil if Accept returns the connection
	writeClosed        bool       // by CloseWrite
	closed             bool       // by Close or Abort
	aborted            bool       // by Abort
	discard            bool       // Close is to be an Abort
	ended              bool       // the machine has
	err                error      // why it has ended, as an errno; nil after an orderly end
	deadlines          *deadlines // nil until one is set
	timing             timing
	dial               *dialing // nil on an accepted one, and once the dial is over
}

var (
	_ net.Conn      = (*Conn)(nil)
	_ io.ReaderFrom = (*Conn)(nil)
	_ io.WriterTo   = (*Conn)(nil)
)

// accepted tells the machine that an application has the connection.
func (c *Conn) accepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machine.Accepted()
}

// LocalAddr returns a [*net.TCPAddr].
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns a [*net.TCPAddr].
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// maxPiece is how many bytes a Write copies at most before the loop may send them.
const maxPiece = 64 << 10

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
		if err := c.writeError(); err != nil {
			return n, c.opError("write", err)
		}
		if took := c.copyIn(b[n:min(len(b), n+maxPiece)]); took > 0 {
			n += took
			c.post()
		} else if c.writeError() == nil {
			c.writable.wait(&c.mu)
		}
	}
	return n, nil
}

// copyIn copies what there is room for to the send buffer, and returns how much that is.
func (c *Conn) copyIn(p []byte) int {
	a, b := c.machine.Reserve(len(p))
	if len(a) == 0 {
		return 0
	}
	n, _ := c.fill(func() (int, error) { return copy(a, p) + copy(b, p[len(a):]), nil })
	return n
}

// fill has into fill in what was reserved in the send buffer, without keeping the loop
// from the connection, and queues as much as that says. It is nothing if the connection is
// closed meanwhile, or into panics, as copying from a mapped file may.
func (c *Conn) fill(into func() (int, error)) (n int, err error) {
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		if !c.machine.Commit(n) {
			n = 0
		}
	}()
	return into()
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
		c.writable.wait(&c.mu)
	}
}

func (c *Conn) endWrite() {
	c.writing = false
	c.writable.broadcast()
}

// writeError returns why nothing can be written now, or nil.
func (c *Conn) writeError() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.deadlines != nil && c.deadlines.write.passed():
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
	c.writable.broadcast()
	c.post()
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
	c.post()
	return nil
}

// markClosed ends what the application does with the connection.
func (c *Conn) markClosed() {
	c.closed = true
	c.in.Reset(&c.stack.buffers)
	if c.deadlines != nil {
		c.deadlines.read.stop()
		c.deadlines.write.stop()
	}
	c.readable.broadcast()
	c.writable.broadcast()
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
	if c.deadlines == nil {
		c.deadlines = new(deadlines)
	}
	if read {
		c.deadlines.read.set(t, c.readable.of(&c.mu))
	}
	if write {
		c.deadlines.write.set(t, c.writable.of(&c.mu))
	}
	return nil
}

// FastOpen tells what became of Fast Open on this connection, and why.
func (c *Conn) FastOpen() handshake.FastOpenInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.FastOpen()
}

// Transferred returns how many bytes the peer has acknowledged, and how many have come
// from it in order. They are a part of Info.
func (c *Conn) Transferred() (sent, received uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.Transferred()
}

// RemoteAddrPort is RemoteAddr without an allocation.
func (c *Conn) RemoteAddrPort() netip.AddrPort { return c.remote }

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
	return c.stack.report(c.timing)
}

func (c *Conn) opError(op string, err error) error { return opError(op, c.local, c.remote, err) }
