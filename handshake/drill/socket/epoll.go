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

type watch struct {
	EpollEvent
	seen int  // what was ready when it was last reported, for EPOLLET
	off  bool // reported, with EPOLLONESHOT
}

// Operations of epoll_ctl(2).
const (
	EPOLL_CTL_ADD = 1
	EPOLL_CTL_DEL = 2
	EPOLL_CTL_MOD = 3
)

// EpollCreate is epoll_create(2) and epoll_create1(2).
func (h *Host) EpollCreate() Op {
	return done(value(h.install(&file{epoll: &epoll{host: h, watched: make(map[int]*watch)}})))
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
	known := e.watched[fd] != nil
	switch {
	case h.files[fd] == nil:
		return failed(EBADF)
	case fd == epfd:
		return failed(EINVAL)
	case op == EPOLL_CTL_ADD && known:
		return failed(EEXIST)
	case op != EPOLL_CTL_ADD && !known:
		return failed(ENOENT)
	case op == EPOLL_CTL_DEL:
		delete(e.watched, fd)
	case op == EPOLL_CTL_ADD || op == EPOLL_CTL_MOD:
		e.watched[fd] = &watch{EpollEvent: event}
	default:
		return failed(EINVAL)
	}
	return status("")
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
	for _, fd := range slices.Sorted(maps.Keys(e.watched)) {
		w := e.watched[fd]
		if e.host.files[fd] == nil {
			delete(e.watched, fd) // closed
			continue
		}
		now := e.host.ready(fd)
		fresh := now &^ w.seen
		if w.seen = 0; w.Events&EPOLLET != 0 {
			w.seen = now
		} else {
			fresh = now
		}
		wanted := int(w.Events) | POLLERR | POLLHUP
		if w.off || fresh&wanted == 0 || len(events) == most {
			continue
		}
		events = append(events, EpollEvent{Events: uint32(now & wanted), Data: w.Data})
		w.off = w.Events&EPOLLONESHOT != 0
	}
	return events
}

// poll says what poll(2) of the instance itself does.
func (e *epoll) poll() int {
	for fd, w := range e.watched {
		if !w.off && e.host.ready(fd)&(int(w.Events)|POLLERR|POLLHUP) != 0 {
			return POLLIN | POLLRDNORM
		}
	}
	return 0
}
