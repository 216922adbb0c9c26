package socket

import "net/netip"

// A file is what a descriptor stands for; exactly one of the first four is set.
type file struct {
	*socket
	*epoll
	*pipeEnd
	*disk
	descriptorFlags int // FD_CLOEXEC: for F_GETFD, since no program is started
}

// descriptorFlags is what a descriptor begins with that is made with these flags.
func descriptorFlags(flags int) int {
	if flags&SOCK_CLOEXEC != 0 {
		return FD_CLOEXEC
	}
	return 0
}

// noAddress is for a send on a connection.
var noAddress netip.AddrPort

// Read is read(2) and readv(2), of up to n bytes. Flags may be [NullBuffer].
func (h *Host) Read(fd, n, flags int) Op {
	f := h.files[fd]
	switch {
	case f == nil:
		return failed(EBADF)
	case f.epoll != nil || n < 0:
		return failed(EINVAL)
	case f.socket != nil && n == 0:
		return status("") // unlike recv, it does not wait for something
	case f.socket != nil:
		return h.Receive(fd, n, flags)
	case flags&NullBuffer != 0 && n > 0:
		return failed(EFAULT)
	case f.pipeEnd != nil:
		return f.pipeEnd.read(n)
	}
	return f.disk.read(n)
}

// Write is write(2) and writev(2). Flags may be [NullBuffer].
func (h *Host) Write(fd int, data []byte, flags int) Op {
	f := h.files[fd]
	switch {
	case f == nil:
		return failed(EBADF)
	case f.epoll != nil:
		return failed(EINVAL)
	case f.socket != nil:
		return h.Send(fd, data, flags, noAddress)
	case flags&NullBuffer != 0 && len(data) > 0:
		return failed(EFAULT)
	case f.pipeEnd != nil:
		return f.pipeEnd.write(len(data))
	}
	return f.disk.write(len(data))
}

// valueOr is a value, or a failure.
func valueOr(n int, e Errno) Result {
	if e != "" {
		return fail(e)
	}
	return value(n)
}
