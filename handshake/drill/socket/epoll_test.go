package socket

import "testing"

// epoll makes an instance.
func (b *bench) epoll() int {
	r, _ := b.host.EpollCreate()()
	return r.Value
}

// watch adds a descriptor to an instance.
func (b *bench) watch(ep, fd int, events uint32) {
	b.t.Helper()
	b.want(b.host.EpollControl(ep, EPOLL_CTL_ADD, fd, EpollEvent{Events: events, Data: int64(fd)}), 0, "")
}

// A descriptor that is closed is watched no more, whatever gets its number.
func TestEpollClosed(t *testing.T) {
	b := newBench(t)
	fd, ep := b.connected(SOCK_NONBLOCK), b.epoll()
	b.watch(ep, fd, POLLOUT)
	b.want(b.host.CloseFile(fd), 0, "")
	b.want(b.host.EpollControl(ep, EPOLL_CTL_DEL, fd, EpollEvent{}), -1, EBADF)
	b.want(b.host.EpollControl(ep, EPOLL_CTL_ADD, fd, EpollEvent{}), -1, EBADF)
	again := b.socket(SOCK_NONBLOCK)
	if again != fd {
		t.Fatalf("the next descriptor is %d, want %d", again, fd)
	}
	b.want(b.host.EpollControl(ep, EPOLL_CTL_MOD, again, EpollEvent{}), -1, ENOENT)
	b.want(b.host.EpollWait(ep, 1, 0), 0, "")
	b.watch(ep, again, POLLIN)
	b.want(b.host.CloseFile(again), 0, "")
	b.watch(ep, b.socket(SOCK_NONBLOCK), POLLIN)
	b.want(b.host.CloseFile(ep), 0, "")
	b.want(b.host.EpollControl(ep, EPOLL_CTL_DEL, again, EpollEvent{}), -1, EBADF)
}

// An instance can watch another, but not in a circle.
func TestEpollNested(t *testing.T) {
	b := newBench(t)
	fd, inner, outer := b.connected(SOCK_NONBLOCK), b.epoll(), b.epoll()
	b.watch(outer, inner, POLLIN)
	b.want(b.host.EpollControl(inner, EPOLL_CTL_ADD, outer, EpollEvent{}), -1, ELOOP)
	b.watch(inner, fd, POLLIN|EPOLLET)
	b.want(b.host.EpollWait(outer, 1, 0), 0, "")
	b.answer("P. 0:5(5) ack 0 win 65535")
	b.want(b.host.EpollWait(outer, 1, 0), 1, "")
	b.want(b.host.EpollWait(inner, 1, 0), 1, "")
	b.want(b.host.EpollWait(outer, 1, 0), 0, "")
}
