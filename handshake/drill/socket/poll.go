package socket

import "time"

// Events of poll(2), with Linux's numbers; those of epoll are the same.
const (
	POLLIN     = 0x1
	POLLPRI    = 0x2
	POLLOUT    = 0x4
	POLLERR    = 0x8
	POLLHUP    = 0x10
	POLLNVAL   = 0x20
	POLLRDNORM = 0x40
	POLLRDBAND = 0x80
	POLLWRNORM = 0x100
	POLLWRBAND = 0x200
	POLLRDHUP  = 0x2000

	EPOLLET      = 1 << 31
	EPOLLONESHOT = 1 << 30

	// Which of several waiters is woken, and whether the host may sleep meanwhile,
	// makes no difference with one program.
	EPOLLWAKEUP    = 1 << 29
	EPOLLEXCLUSIVE = 1 << 28
)

// A PollFD is what poll(2) asks about one descriptor.
type PollFD struct{ FD, Events int }

// Poll is poll(2); a negative timeout waits for ever.
func (h *Host) Poll(fds []PollFD, timeout time.Duration) Op {
	at := h.now.Add(timeout)
	if timeout > 0 {
		h.wakeAt(at)
	}
	return func() (Result, bool) {
		r := Result{Ready: make([]int, len(fds))}
		for i, p := range fds {
			if p.FD < 0 {
				continue
			}
			r.Ready[i] = h.ready(p.FD) & (p.Events | POLLERR | POLLHUP | POLLNVAL)
			if r.Ready[i] != 0 {
				r.Value++
			}
		}
		return r, r.Value > 0 || timeout == 0 || timeout > 0 && !h.now.Before(at)
	}
}

func (h *Host) ready(fd int) int {
	f := h.files[fd]
	switch {
	case f == nil:
		return POLLNVAL
	case f.epoll != nil:
		return f.epoll.poll()
	case f.pipeEnd != nil:
		return f.pipeEnd.ready()
	case f.disk != nil:
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM
	}
	return f.socket.ready()
}

// ready is tcp_poll.
func (s *socket) ready() (mask int) {
	if s.listener != nil {
		if s.listener.Waiting() > 0 {
			return POLLIN | POLLRDNORM
		}
		return 0
	}
	over := s.over()
	if s.deferred.IsValid() {
		return POLLOUT | POLLWRNORM
	}
	if s.err != "" || len(s.errors.waiting) > 0 {
		mask |= POLLERR
	}
	if s.opening() {
		return mask
	}
	have, ended := 0, true
	if s.conn != nil {
		have, ended = s.conn.Buffered()
	}
	if over || s.shutWrite && (ended || s.shutRead) {
		mask |= POLLHUP
	}
	if ended && s.conn != nil || s.shutRead {
		mask |= POLLIN | POLLRDNORM | POLLRDHUP
	}
	if s.atMark() && !s.inline() {
		have-- // the urgent byte alone is nothing to read
	}
	if s.rouses(max(have, 0)) {
		mask |= POLLIN | POLLRDNORM
	}
	if s.conn != nil && s.urgent().state == urgentThere {
		mask |= POLLPRI
	}
	if over || s.shutWrite || s.writable() {
		mask |= POLLOUT | POLLWRNORM
	}
	return mask
}

// writable reports whether a write is worth while: Linux wants a third of the
// buffer free, and twice of what has not gone out yet below TCP_NOTSENT_LOWAT.
func (s *socket) writable() bool {
	room, unsent := s.conn.Room(), s.conn.Unsent()
	if 2*s.conn.Info().Unsent >= s.notSentLow() {
		return false
	}
	if s.metered() {
		return s.writableMetered()
	}
	return room > 0 && room >= unsent/2
}

// notSentLow is tcp_notsent_lowat: how much that has not gone out yet is too much for
// more.
func (s *socket) notSentLow() int {
	if low := s.options.get(SOL_TCP, TCP_NOTSENT_LOWAT); low != 0 {
		return int(uint32(low))
	}
	return s.host.settings.notSent
}
