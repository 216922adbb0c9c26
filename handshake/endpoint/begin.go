package endpoint

import (
	"context"
	"net/netip"
	"syscall"

	"tfocraft/handshake"
)

// Begin sends a SYN and does not wait for the answer: it is connect with
// MSG_FASTOPEN on a socket that does not block (RFC 7413, Appendix A.1). The SYN
// carries as much of data as Fast Open lets it, which is nothing without a
// cookie; n is how many bytes that are, and the rest stays the caller's. What
// [Dialer.DialContext] says of data in a SYN holds here too. In the profile of
// FreeBSD, where it is sendto on a socket with TCP_FASTOPEN, all of data is taken
// that the send buffer has room for: what is not in the SYN follows the handshake.
// The connection can be
// written to once [Conn.Opened] says that the handshake is over. ctx is for the
// Router alone.
//
// Cache is called by the goroutine of the stack, which should not wait for long.
func (d *Dialer) Begin(ctx context.Context, remote netip.AddrPort, data []byte) (c *Conn, n int, err error) {
	if err := checkRemote(remote); err != nil {
		return nil, 0, dialError(ctx, d.Source, netip.AddrPort{}, err)
	}
	c, err = d.prepare(ctx, remote)
	if err != nil {
		return nil, 0, dialError(ctx, d.Source, remote, err)
	}
	room := c.machine.SynRoom()
	if d.Machine.Profile == handshake.FreeBSD {
		room = len(data)
	}
	n = c.machine.Queue(data[:min(len(data), room)])
	c.dial.alone = true
	if err := c.start(ctx); err != nil {
		c.stack.giveBack(c.claim)
		return nil, 0, c.opError("dial", err)
	}
	return c, n, nil
}

// Opened reports whether the handshake of a connection that [Dialer.Begin] has
// made is over, or why there will be no connection. It is true of every accepted
// connection.
func (c *Conn) Opened() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.dial != nil && !c.dial.over:
		return false, nil
	case c.listener == nil && c.timing.established == 0 && c.err != nil:
		return false, c.opError("dial", c.err)
	}
	return true, nil
}

// TryRead is Read that does not wait: where that would, the error is EAGAIN.
func (c *Conn) TryRead(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayNotRead(); err != nil {
		return 0, err
	}
	n := c.in.Pop(&c.stack.buffers, b)
	if n == 0 && len(b) > 0 {
		if err := c.inEnded(); err != nil {
			return 0, err
		}
		return 0, syscall.EAGAIN
	}
	c.consume(n)
	return n, nil
}

// TryWrite is Write that does not wait: it takes as much as there is room for. If
// that is nothing, or another Write is going on, or the handshake, the error is
// EAGAIN.
func (c *Conn) TryWrite(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.writeError(); err != nil {
		return 0, c.opError("write", err)
	}
	n := 0
	if !c.writing && len(c.rest) == 0 && (c.dial == nil || c.dial.over) {
		n = c.machine.Queue(b)
	}
	if n < len(b) {
		c.want()
	}
	if n == 0 && len(b) > 0 {
		return 0, syscall.EAGAIN
	}
	c.post()
	return n, nil
}

// WriteAhead is TryWrite that takes bytes during the handshake, too, for a writer
// that waits for its end: they leave together with the ACK of the SYN-ACK, and as
// in Linux that decides when the peer's answer is acknowledged, see
// [handshake.Config.QuickAcks].
func (c *Conn) WriteAhead(b []byte) (int, error) {
	c.mu.Lock()
	over := c.dial == nil || c.dial.over
	if over || c.writeError() != nil || c.writing || len(c.rest) > 0 {
		c.mu.Unlock()
		return c.TryWrite(b)
	}
	defer c.mu.Unlock()
	if n := c.machine.Queue(b); n > 0 || len(b) == 0 {
		return n, nil
	}
	return 0, c.opError("write", syscall.EAGAIN)
}

// TakeBack takes back what WriteAhead has queued last, up to n bytes, for a writer
// that does not wait any longer. It returns how many have not left; while a Write is
// going on, none.
func (c *Conn) TakeBack(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing {
		return 0
	}
	return c.machine.Unqueue(n)
}

// Buffered returns how many bytes can be read without waiting, and whether
// nothing follows them, be it for a FIN or an error.
func (c *Conn) Buffered() (n int, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.Len(), c.inEnded() != nil
}

// Room returns how many bytes TryWrite would take now. If there is none, a [Handler] is
// called when there is some again.
func (c *Conn) Room() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || len(c.rest) > 0 || c.writeError() != nil {
		return 0
	}
	n := c.machine.SendSpace()
	if n == 0 {
		c.want()
	}
	return n
}

// Unsent returns how many bytes were written and not yet acknowledged.
func (c *Conn) Unsent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.Unsent()
}

// Ended reports whether the connection is in CLOSED, and why, as an errno; nil
// after an orderly end.
func (c *Conn) Ended() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended, c.err
}

// TryAccept is AcceptTCP that does not wait: without a connection to return, the
// error is EAGAIN.
func (ln *Listener) TryAccept() (*Conn, error) {
	select {
	case <-ln.closed:
		return nil, ln.acceptError()
	default:
	}
	select {
	case c := <-ln.queue:
		c.accepted()
		return c, nil
	default:
		return nil, opError("accept", netip.AddrPort{}, ln.addr, syscall.EAGAIN)
	}
}

// Waiting returns how many connections wait for Accept.
func (ln *Listener) Waiting() int { return len(ln.queue) }
