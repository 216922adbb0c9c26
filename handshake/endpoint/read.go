package endpoint

import (
	"io"
	"net"
	"os"
)

// Read implements [net.Conn]. What came before the peer reset the connection
// can still be read; the error follows. After the peer's FIN it is [io.EOF].
func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.mayNotRead(); err != nil || len(b) == 0 {
			return 0, err
		}
		n, err := c.in.Pop(&c.stack.buffers, b[:min(len(b), maxCopy)]), error(nil)
		if n == 0 {
			if err = c.inEnded(); err == nil {
				n = c.waitInto(b)
			}
		}
		if n > 0 || err != nil {
			c.consume(n)
			return n, err
		}
	}
}

// mayNotRead returns why nothing can be read now, whatever there is, or nil.
func (c *Conn) mayNotRead() error {
	switch {
	case c.closed:
		return c.opError("read", net.ErrClosed)
	case c.handled != nil && c.handled.expired, c.deadlines != nil && c.deadlines.read.passed():
		return c.opError("read", os.ErrDeadlineExceeded)
	}
	return nil
}

// inEnded returns why nothing follows what was delivered, or nil if something
// may.
func (c *Conn) inEnded() error {
	switch {
	case c.eof:
		return io.EOF
	case c.err != nil:
		return c.opError("read", c.err)
	case c.ended:
		return io.EOF
	}
	return nil
}

// waitInto waits until something has changed. What is delivered meanwhile goes
// right to b, if no other Read waits: n bytes.
func (c *Conn) waitInto(b []byte) (n int) {
	if c.sink != nil {
		c.readable.wait(&c.mu)
		return 0
	}
	c.sink = b
	c.readable.wait(&c.mu)
	n = int(c.filled)
	c.sink, c.filled = nil, 0
	return n
}

// consume notes that the application has read n bytes. The machine hears of it
// at once if the peer should.
func (c *Conn) consume(n int) {
	c.consumed += int32(n)
	if c.machine.ConsumeDue(int(c.consumed)) {
		c.post()
	}
}

// WriteTo implements [io.WriterTo] without a copy in between: the buffer of what
// was delivered is taken as it is. The peer's window opens as w takes the bytes.
func (c *Conn) WriteTo(w io.Writer) (written int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.mayNotRead(); err != nil {
			return written, err
		}
		if c.in.Len() == 0 {
			switch err := c.inEnded(); err {
			case nil:
				c.readable.wait(&c.mu)
				continue
			case io.EOF:
				return written, nil
			default:
				return written, err
			}
		}
		n, err := c.handOver(w)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// handOver writes what was delivered so far, without keeping the loop from the
// connection.
func (c *Conn) handOver(w io.Writer) (n int, err error) {
	taken := c.in.Take()
	a, b := taken.View(0, taken.Len())
	c.mu.Unlock()
	if n, err = w.Write(a); err == nil && len(b) > 0 {
		var more int
		more, err = w.Write(b)
		n += more
	}
	c.mu.Lock()
	taken.Reset(&c.stack.buffers)
	c.consume(n)
	return n, err
}
