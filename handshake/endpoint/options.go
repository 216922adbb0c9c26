package endpoint

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"tfocraft/handshake"
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

// SetMore says whether more follows what is written next; see [handshake.Machine.SetMore].
func (c *Conn) SetMore(on bool) error {
	return c.set(func(time.Time) { c.machine.SetMore(on) })
}

// SetCork makes segments that are not full wait until they are (TCP_CORK in
// Linux); see [handshake.Machine.SetCork].
func (c *Conn) SetCork(on bool) error {
	return c.set(func(now time.Time) {
		c.stack.loop.apply(now, c, c.machine.SetCork(now, on, c.stack.loop.outputs[:0]))
	})
}

// SetSynRetries says how often the SYN of a connection that is being opened goes
// again (TCP_SYNCNT in Linux). It counts at the next timeout, and replaces
// Machine.SynRetries of the Dialer.
func (c *Conn) SetSynRetries(n int) error {
	return c.set(func(time.Time) { c.machine.SetSynRetries(n) })
}

// SetQuickAck says whether data that comes is acknowledged at once, for a while;
// see [handshake.Machine.SetQuickAck].
func (c *Conn) SetQuickAck(on bool) error {
	return c.set(func(now time.Time) {
		c.stack.loop.apply(now, c, c.machine.SetQuickAck(now, on, c.stack.loop.outputs[:0]))
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

// SetKeepAliveConfig says when a silent connection is probed, and given up. It is
// off unless it is enabled here, or Machine.KeepAlive is set. Fields that are 0
// stand for 15 s, 15 s and 9 probes, as in package net, and negative ones leave
// what is.
func (c *Conn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	if !config.Enable {
		return c.setKeepAlive(handshake.KeepAlive{})
	}
	c.mu.Lock()
	k := c.machine.KeepAlive()
	c.mu.Unlock()
	change(&k.Idle, config.Idle, 15*time.Second)
	change(&k.Interval, config.Interval, 15*time.Second)
	change(&k.Count, config.Count, 9)
	return c.setKeepAlive(k)
}

func change[T int | time.Duration](v *T, to, zero T) {
	switch {
	case to > 0:
		*v = to
	case to == 0:
		*v = zero
	}
}

// SetKeepAlive is SetKeepAliveConfig with nothing but Enable.
func (c *Conn) SetKeepAlive(keepAlive bool) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: keepAlive})
}

// SetKeepAlivePeriod sets the silence before the first probe, and the time
// between probes.
func (c *Conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: d, Interval: d, Count: -1})
}

func (c *Conn) setKeepAlive(k handshake.KeepAlive) error {
	return c.set(func(now time.Time) {
		c.machine.SetKeepAlive(now, k)
		c.stack.loop.timers.schedule(c)
	})
}

// SetUserTimeout bounds for how long the peer may take nothing although there is
// something for it (RFC 5482; TCP_USER_TIMEOUT on Linux); 0 leaves it to
// Machine.Retries. It counts at the next timeout.
func (c *Conn) SetUserTimeout(d time.Duration) error {
	return c.set(func(time.Time) { c.machine.SetUserTimeout(d) })
}

// SetFinWait2 says for how long the connection waits for the peer's FIN when its own
// was acknowledged and Close called (TCP_LINGER2 on Linux); a negative time does not
// wait. It has to be set before Close, and replaces Machine.FinWait2.
func (c *Conn) SetFinWait2(d time.Duration) error {
	return c.set(func(time.Time) { c.machine.SetFinWait2(d) })
}

// SetWriteBuffer says how many bytes wait for the peer before a Write does; the
// buffer does not grow by itself any more.
func (c *Conn) SetWriteBuffer(bytes int) error {
	return c.set(func(time.Time) {
		c.machine.SetSendBuffer(bytes)
		c.writable.broadcast()
	})
}

// SetReadBuffer says how many bytes may wait for Read; the buffer does not grow by
// itself any more.
func (c *Conn) SetReadBuffer(bytes int) error {
	return c.set(func(time.Time) { c.machine.SetRecvBuffer(bytes) })
}

// GrowReadBuffer gives room for so many bytes at least, for who wants to read them
// at once.
func (c *Conn) GrowReadBuffer(bytes int) error {
	return c.set(func(time.Time) { c.machine.GrowRecvBuffer(bytes) })
}

// set changes the machine, in the loop.
func (c *Conn) set(change func(now time.Time)) error {
	err := net.ErrClosed
	call := func(now time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.closed {
			change(now)
			err = nil
		}
	}
	if c.stack.mail.call(call) != nil || err != nil {
		return c.opError("set", net.ErrClosed)
	}
	return nil
}

// EndRecord says that what was written last ends a record (MSG_EOR in Linux); see
// [handshake.Machine.EndRecord].
func (c *Conn) EndRecord() error {
	return c.set(func(time.Time) { c.machine.EndRecord() })
}

// Urge says that what was written last ends urgent data (MSG_OOB in Linux); see
// [handshake.Machine.Urge].
func (c *Conn) Urge() error {
	return c.set(func(time.Time) { c.machine.Urge() })
}

// SetCongestion changes Machine.Congestion of the Dialer or ListenConfig.
func (c *Conn) SetCongestion(control handshake.CongestionControl) error {
	return c.set(func(time.Time) { c.machine.SetCongestion(control) })
}

// CloseRead says that nobody will read any more, which counts once CloseWrite was
// called, too: data that comes then is answered with a reset (shutdown(2) in Linux).
func (c *Conn) CloseRead() error {
	return c.set(func(time.Time) { c.machine.CloseRead() })
}
