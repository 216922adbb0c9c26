package endpoint

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// The methods here have the shape of those of [net.TCPConn], so that programs
// that ask a connection for them by interface find what they look for.

var _ syscall.Conn = (*Conn)(nil)

// SyscallConn always fails, with an error that wraps [errors.ErrUnsupported]:
// there is no socket behind a Conn, and no descriptor that could stand for one.
// It is here to say so. Whoever asks for [syscall.Conn] has to be prepared for
// an error in any case, and goes another way then: package os copies through a
// buffer, for instance.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	return nil, c.opError("raw", fmt.Errorf("endpoint: a connection in userspace has no socket: %w", errors.ErrUnsupported))
}

// SetNoDelay says whether small segments go out at once (true, which is the
// default as in package net) or wait while data is unacknowledged (RFC 9293,
// Section 3.7.4). It replaces Machine.Nagle of the Dialer or ListenConfig.
func (c *Conn) SetNoDelay(noDelay bool) error {
	return c.set(func(now time.Time) {
		c.stack.loop.apply(now, c, c.machine.SetNagle(now, !noDelay, c.stack.loop.outputs[:0]))
	})
}

// SetLinger says what Close does with data that is not acknowledged yet: with
// sec = 0 it is thrown away and the peer gets a reset, as with Abort; otherwise
// it is sent in the background. Close never waits.
func (c *Conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	c.discard = sec == 0
	return nil
}

// set changes the machine, in the loop.
func (c *Conn) set(change func(now time.Time)) error {
	err := net.ErrClosed
	call := func(now time.Time) {
		if !c.isClosed() {
			change(now)
			err = nil
		}
	}
	if c.stack.mail.call(call) != nil || err != nil {
		return c.opError("set", net.ErrClosed)
	}
	return nil
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
