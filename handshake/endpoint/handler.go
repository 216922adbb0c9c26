package endpoint

import (
	"time"

	"tfocraft/handshake"
)

// A Handler serves connections in the goroutine of the stack, which saves each the
// goroutine, its wake-ups and, for a request in a SYN, two segments: the answer goes in
// the SYN-ACK (RFC 7413, Section 4.2.2), with the FIN if the handler has closed.
//
// It is called when a connection is open, when there is something to read (data, the
// end, an error), when there is room to write again, and when ListenConfig.HandlerTimeout
// is over: then reading fails with [os.ErrDeadlineExceeded], as it does when the stack
// shuts down. After Close it is not called again for that connection.
//
// It must not wait: [Conn.TryRead], [Conn.TryWrite], [Conn.CloseWrite], [Conn.Close],
// [Conn.Abort], [Conn.SetValue], Info and Timing are what it is for. While it runs, nothing
// else in the stack does. What it has written and closed is sent when it returns. Its
// calls do not overlap, so it can have a buffer for all connections.
type Handler func(c *Conn)

// stir has the handler called for c, if it has one. The caller holds c.mu.
func (c *Conn) stir() {
	if c.handler == nil || c.closed || c.stirred {
		return
	}
	c.stirred = true
	l := c.stack.loop
	l.stirred = append(l.stirred, c)
}

// callHandlers lets the handlers of what was stirred have their say, and sends what
// they have to say.
func (l *loop) callHandlers(now time.Time) {
	for len(l.stirred) > 0 {
		list := l.stirred
		l.stirred = l.spare[:0]
		for _, c := range list {
			l.callHandler(now, c)
		}
		clear(list)
		l.spare = list
	}
}

func (l *loop) callHandler(now time.Time, c *Conn) {
	c.mu.Lock()
	c.stirred = false
	if c.closed || !c.announced {
		c.mu.Unlock()
		return
	}
	c.handling = true
	c.mu.Unlock()
	c.handler(c)
	c.mu.Lock()
	c.handling = false
	c.mu.Unlock()
	if !l.stopped {
		l.attend(now, c)
	}
}

// expireHandled ends the patience with every connection that a handler serves.
func (l *loop) expireHandled(now time.Time) {
	for c := range l.conns.all() {
		c.mu.Lock()
		c.expire()
		c.mu.Unlock()
	}
	l.callHandlers(now)
}

// post tells the loop to look at c, unless it does so anyway when the handler returns.
// The caller holds c.mu.
func (c *Conn) post() {
	if !c.handling {
		c.stack.mail.post(c)
	}
}

// SetValue keeps something with the connection, for a [Handler]; Value returns it.
func (c *Conn) SetValue(v any) { c.value = v }

// Value returns what SetValue was given last.
func (c *Conn) Value() any { return c.value }

// expire ends the patience with a connection that a handler serves: reading fails from
// now on.
func (c *Conn) expire() {
	if c.handler != nil {
		c.expired = true
		c.stir()
	}
}

// answersInSynAck lets the handler of a connection answer before the SYN-ACK goes out.
func answersInSynAck(c *handshake.Config) { c.SynAckHold = -1 }
