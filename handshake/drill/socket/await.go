package socket

import "cmp"

// awaitConnected is the end of __inet_stream_connect: it waits for the end of the
// handshake and goes on with then. If that does not come in time the call returns
// late. What the call writes then, which is rest, leaves with the ACK that ends the
// handshake as far as there is room; then is told how much that is.
func (s *socket) awaitConnected(flags int, rest []byte, late Result, then func(ahead int) Op) Op {
	return s.awaitHandshake(flags, rest, late, func() Result {
		e := cmp.Or(s.takeError(), ECONNABORTED)
		s.unconnect()
		return fail(e)
	}, func(ahead int) Op {
		s.told = true
		return then(ahead)
	})
}

// awaitHandshake is awaitConnected of a call that does not make the connection: if
// there is none in the end it returns what over does.
func (s *socket) awaitHandshake(flags int, rest []byte, late Result, over func() Result, then func(ahead int) Op) Op {
	if s.beginning() && !s.waits(flags) {
		return done(late)
	}
	ahead := s.writeAhead(rest, flags)
	at := s.expiry(s.options.sendTimeout)
	var next Op
	return func() (Result, bool) {
		switch {
		case next != nil:
			return next()
		case s.beginning() && s.expired(at):
			s.takeBack(ahead)
			return late, true
		case s.beginning():
			return Result{}, false
		case s.over():
			return over(), true
		}
		next = then(ahead)
		return next()
	}
}

// beginning reports whether the socket is in Linux's SYN-SENT or SYN-RECEIVED.
func (s *socket) beginning() bool { return s.deferred.IsValid() || s.opening() }

// writeAhead queues data during the handshake and returns how much.
func (s *socket) writeAhead(data []byte, flags int) int {
	if len(data) == 0 || flags&NullBuffer != 0 || !s.opening() {
		return 0
	}
	_ = s.conn.SetMore(flags&MSG_MORE != 0) // until queue has its turn
	// An error means that there is no room.
	n, _ := s.conn.WriteAhead(data)
	return n
}

// takeBack is for a writer that does not wait for the end of the handshake.
func (s *socket) takeBack(ahead int) {
	if ahead > 0 {
		s.conn.TakeBack(ahead)
	}
}
