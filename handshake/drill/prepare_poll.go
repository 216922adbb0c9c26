package drill

import (
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// milliseconds is a timeout of poll and its like.
func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func poll(p *player, a *args) *pendingCall {
	if a.null(0) && a.int(1, 0) > 0 {
		return plain(socket.Fail(socket.EFAULT))
	}
	var fds []socket.PollFD
	var want []int
	for i := range a.at(0).Args {
		f := fieldsOf(&a.at(0).Args[i])
		fd, events, revents := f["fd"], f["events"], f["revents"]
		if fd == nil || events == nil {
			a.err = failf("poll needs {fd=..., events=..., revents=...}")
			return plain(nil)
		}
		fds = append(fds, socket.PollFD{FD: p.fd(a.number(fd)), Events: a.number(events)})
		switch {
		case revents == nil:
			want = append(want, 0)
		case revents.Kind == script.Ellipsis:
			want = append(want, -1)
		default:
			want = append(want, a.number(revents))
		}
	}
	c := plain(p.host.Poll(fds, milliseconds(a.int(2, -1))))
	c.check = func(r socket.Result) error {
		for i, n := range r.Ready {
			if want[i] >= 0 && want[i] != n {
				return failf("poll tells revents=%#x for fd=%d, expected %#x", n, fds[i].FD, want[i])
			}
		}
		return nil
	}
	return c
}

// event reads struct epoll_event.
func (a *args) event(e *script.Expr) socket.EpollEvent {
	f := fieldsOf(e)
	var v socket.EpollEvent
	if events := f["events"]; events != nil {
		v.Events = uint32(a.number(events))
	}
	for _, name := range []string{"fd", "ptr", "u32", "u64"} {
		if data := f[name]; data != nil {
			v.Data = int64(a.number(data))
		}
	}
	return v
}

func epollCreate(p *player, a *args) *pendingCall {
	if a.int(0, 1) <= 0 {
		return plain(socket.Fail(socket.EINVAL))
	}
	return opens(p.host.EpollCreate())
}

func epollCreate1(p *player, a *args) *pendingCall {
	if a.int(0, 0)&^socket.SOCK_CLOEXEC != 0 {
		return plain(socket.Fail(socket.EINVAL))
	}
	return opens(p.host.EpollCreate1(a.int(0, 0)))
}

func epollCtl(p *player, a *args) *pendingCall {
	var event socket.EpollEvent
	if a.null(3) && a.int(1, 0) != socket.EPOLL_CTL_DEL {
		return plain(socket.Fail(socket.EFAULT))
	}
	if a.has(3) && a.at(3).Kind != script.Symbol {
		event = a.event(a.at(3))
	}
	return plain(p.host.EpollControl(a.fd(0), a.int(1, 0), a.fd(2), event))
}

func epollWait(p *player, a *args) *pendingCall {
	c := plain(p.host.EpollWait(a.fd(0), a.int(2, 1), milliseconds(a.int(3, -1))))
	list := a.at(1)
	if list.Kind == script.Ellipsis {
		return c
	}
	events := []script.Expr{*list}
	if list.Kind == script.Array {
		events = list.Args
	}
	c.check = func(r socket.Result) error {
		for i, got := range r.Events {
			if i >= len(events) {
				break
			}
			if want := a.event(&events[i]); want != got {
				return failf("epoll_wait tells events=%#x data=%d, expected events=%#x data=%d", got.Events, got.Data, want.Events, want.Data)
			}
		}
		return nil
	}
	return c
}
