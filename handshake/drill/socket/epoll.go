package socket

import (
	"maps"
	"slices"
	"time"
)

// An EpollEvent is what epoll_ctl(2) asks for and epoll_wait(2) returns.
type EpollEvent struct {
	Events uint32
	Data   int64
}

// An epoll is an epoll instance.
type epoll struct {
	host    *Host
	watched map[int]*watch // by descriptor
}

// A watch is one descriptor in the interest list.
type watch struct {
	EpollEvent
	file *file // the descriptor may be another file's meanwhile
	seen state // at the last look
	full bool  // who writes has seen that there is no room, and waits (SOCK_NOSPACE)
	edge bool  // something has happened since it was last reported, for EPOLLET
	off  bool  // reported, with EPOLLONESHOT
}

// Operations of epoll_ctl(2).
const (
	EPOLL_CTL_ADD = 1
	EPOLL_CTL_DEL = 2
	EPOLL_CTL_MOD = 3
)

// EpollCreate is epoll_create(2).
func (h *Host) EpollCreate() Op { return h.EpollCreate1(0) }

// EpollCreate1 is epoll_create1(2).
func (h *Host) EpollCreate1(flags int) Op {
	e := &epoll{host: h, watched: make(map[int]*watch)}
	h.epolls = append(h.epolls, e)
	return done(value(h.install(&file{epoll: e, descriptorFlags: descriptorFlags(flags)})))
}

func (h *Host) epoll(fd int) (*epoll, Errno) {
	f := h.files[fd]
	switch {
	case f == nil:
		return nil, EBADF
	case f.epoll == nil:
		return nil, EINVAL
	}
	return f.epoll, ""
}

// EpollControl is epoll_ctl(2).
func (h *Host) EpollControl(epfd, op, fd int, event EpollEvent) Op {
	e, errno := h.epoll(epfd)
	if errno != "" {
		return failed(errno)
	}
	w := e.watched[fd]
	known := w != nil && w.file == h.files[fd]
	switch {
	case h.files[fd] == nil:
		return failed(EBADF)
	case fd == epfd:
		return failed(EINVAL)
	case op < EPOLL_CTL_ADD || op > EPOLL_CTL_MOD, op != EPOLL_CTL_DEL && event.badlyExclusive(op, known && w.Events&EPOLLEXCLUSIVE != 0):
		return failed(EINVAL)
	case op == EPOLL_CTL_ADD && known:
		return failed(EEXIST)
	case op != EPOLL_CTL_ADD && !known:
		return failed(ENOENT)
	case op == EPOLL_CTL_ADD && h.files[fd].epoll.reaches(e):
		return failed(ELOOP)
	case op == EPOLL_CTL_DEL:
		delete(e.watched, fd)
	default:
		w := &watch{EpollEvent: event, file: h.files[fd], seen: h.state(fd)}
		w.edge, w.full = w.seen.ready&w.wanted() != 0, w.seen.ready&POLLOUT == 0
		e.watched[fd] = w
	}
	return status("")
}

// badlyExclusive reports whether EPOLLEXCLUSIVE is asked for where it cannot be, or
// was: it is for what is added, and stays.
func (v *EpollEvent) badlyExclusive(op int, was bool) bool {
	const others = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE
	if op == EPOLL_CTL_MOD {
		return was || v.Events&EPOLLEXCLUSIVE != 0
	}
	return v.Events&EPOLLEXCLUSIVE != 0 && v.Events&^others != 0
}

// ELOOP is the error of instances that would watch each other.
const ELOOP Errno = "ELOOP"

// reaches reports whether an instance watches another, or one that does.
func (e *epoll) reaches(other *epoll) bool {
	if e == nil || e == other {
		return e != nil
	}
	for _, w := range e.watched {
		if w.file.epoll.reaches(other) {
			return true
		}
	}
	return false
}

// EpollWait is epoll_wait(2).
func (h *Host) EpollWait(epfd, most int, timeout time.Duration) Op {
	e, errno := h.epoll(epfd)
	switch {
	case errno != "":
		return failed(errno)
	case most <= 0:
		return failed(EINVAL)
	}
	at := h.now.Add(timeout)
	if timeout > 0 {
		h.wakeAt(at)
	}
	return func() (Result, bool) {
		events := e.collect(most)
		r := Result{Value: len(events), Events: events}
		return r, r.Value > 0 || timeout == 0 || timeout > 0 && !h.now.Before(at)
	}
}

// collect returns what is ready, by descriptor.
func (e *epoll) collect(most int) (events []EpollEvent) {
	e.look()
	for _, fd := range slices.Sorted(maps.Keys(e.watched)) {
		w := e.watched[fd]
		if len(events) == most || !w.due() {
			continue
		}
		w.edge = false
		w.full = w.full || w.seen.ready&POLLOUT == 0
		if now := w.seen.ready & w.wanted(); now != 0 {
			events = append(events, EpollEvent{Events: uint32(now), Data: w.Data})
			w.off = w.Events&EPOLLONESHOT != 0
		}
	}
	return events
}

// poll says what poll(2) of the instance itself does.
func (e *epoll) poll() int {
	e.look()
	for _, w := range e.watched {
		if w.due() && w.seen.ready&w.wanted() != 0 {
			return POLLIN | POLLRDNORM
		}
	}
	return 0
}

// due reports whether the watch is to be looked at: always, or after an edge.
func (w *watch) due() bool { return !w.off && (w.edge || w.Events&EPOLLET == 0) }

// wanted are the events of a watch; the last two need not be asked for.
func (w *watch) wanted() int {
	return int(w.Events&^(EPOLLET|EPOLLONESHOT|EPOLLEXCLUSIVE|EPOLLWAKEUP)) | POLLERR | POLLHUP
}
