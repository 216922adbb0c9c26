package socket

// A state is what a wake-up of an epoll instance is about.
type state struct {
	ready   int
	arrived uint64 // bytes, or connections in the queue of a listener
	errors  uint64 // that were queued
	full    bool   // a write has got no room any more
	opening bool   // the handshake goes on
}

// look notes what has happened since the last look, and forgets what was closed.
func (e *epoll) look() {
	for fd, w := range e.watched {
		if w.file != e.host.files[fd] {
			delete(e.watched, fd)
			continue
		}
		now := e.host.state(fd)
		w.edge = w.wakes(now) || w.edge
		w.seen = now
	}
}

// wakes reports whether the way to a state wakes who waits: what is new there, data
// that has come to other data (sock_def_readable), and any end, which Linux tells
// everybody (sk_state_change). Room is new for somebody who has found none
// (sk_stream_write_space), which is noted on the way.
func (w *watch) wakes(now state) bool {
	fresh := now.ready &^ w.seen.ready
	w.full = w.full || now.full
	if fresh&POLLOUT != 0 {
		if !w.full && !w.seen.opening {
			fresh &^= POLLOUT | POLLWRNORM
		}
		w.full = false
	}
	if now.arrived > w.seen.arrived {
		fresh |= now.ready & (POLLIN | POLLRDNORM)
	}
	if now.errors > w.seen.errors {
		fresh |= POLLERR
	}
	return fresh&(w.wanted()|POLLRDHUP) != 0
}

// state is what there is to see of a descriptor.
func (h *Host) state(fd int) state {
	now := state{ready: h.ready(fd)}
	s := h.files[fd].socket
	if s == nil {
		return now
	}
	now.errors = s.errors.told
	switch {
	case s.listener != nil:
		now.arrived = uint64(s.listener.Waiting())
	case s.conn != nil:
		i := s.conn.Info()
		now.arrived, now.opening = i.Received, s.opening()
		now.full = now.ready&POLLOUT == 0 && (s.conn.Room() == 0 || s.metered() && s.full() || i.Unsent >= s.notSentLow())
	}
	return now
}

// look lets every epoll instance see what was before something happens, and what
// is after it.
func (h *Host) look() {
	for _, e := range h.epolls {
		e.look()
	}
}
