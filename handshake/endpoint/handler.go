package endpoint

import "time"

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
// calls do not overlap, so it can have a buffer for all connections of its stack.
//
// Nor may it call what waits for the stack: the setters of options, Stack.Counters,
// Listener.Close and the like.
type Handler func(c *Conn)

// handled is what there is of a connection that a handler serves.
type handled struct {
	handler   Handler
	reuse     bool  // see ListenConfig.ReuseConns
	value     any   // see SetValue
	patience  int64 // when it ends, as the timer queue counts; 0: never
	announced bool  // the handler may be called
	stirred   bool  // it is to be called
	running   bool  // it is being called
	wanting   bool  // it has more to write than there was room for
	expired   bool  // the patience is over
}

// stir has the handler called for c, if it has one. The caller holds c.mu.
func (c *Conn) stir() {
	if h := c.handled; h != nil && !c.closed && !h.stirred {
		h.stirred = true
		l := c.stack.loop
		l.stirred = append(l.stirred, c)
	}
}

// want has the handler called when there is room again. The caller holds c.mu.
func (c *Conn) want() {
	if c.handled != nil {
		c.handled.wanting = true
	}
}

// expire ends the patience with a connection that a handler serves: reading fails from
// now on. The caller holds c.mu.
func (c *Conn) expire() {
	if c.handled != nil {
		c.handled.expired = true
		c.stir()
	}
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
	h := c.handled
	c.mu.Lock()
	h.stirred = false
	if c.closed || !h.announced {
		c.mu.Unlock()
		return
	}
	h.running = true
	c.mu.Unlock()
	h.handler(c)
	c.mu.Lock()
	h.running = false
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
	if c.handled == nil || !c.handled.running {
		c.stack.mail.post(c)
	}
}

// SetValue keeps something with a connection, for the [Handler] that serves it and for no
// other goroutine. Without a handler there is nothing to keep it for.
func (c *Conn) SetValue(v any) {
	if c.handled != nil {
		c.handled.value = v
	}
}

// Value returns what SetValue was given last.
func (c *Conn) Value() any {
	if c.handled == nil {
		return nil
	}
	return c.handled.value
}
