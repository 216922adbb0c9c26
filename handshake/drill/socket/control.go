package socket

import "tfocraft/handshake"

// Commands of fcntl(2) and ioctl(2), with Linux's numbers.
const (
	F_GETFD = 1
	F_SETFD = 2
	F_GETFL = 3
	F_SETFL = 4

	FD_CLOEXEC = 1

	O_RDWR     = 2
	O_NONBLOCK = SOCK_NONBLOCK

	SIOCINQ     = 0x541b
	SIOCOUTQ    = 0x5411
	SIOCOUTQNSD = 0x894b
	FIONBIO     = 0x5421
	SIOCATMARK  = 0x8905
)

// Fcntl is fcntl(2) with a command that gets or sets flags.
func (h *Host) Fcntl(fd, command, flags int) Op {
	f := h.files[fd]
	if f == nil {
		return failed(EBADF)
	}
	way, nonblock := f.status()
	switch {
	case command == F_GETFL && *nonblock:
		return done(value(way | O_NONBLOCK))
	case command == F_GETFL:
		return done(value(way))
	case command == F_SETFL:
		*nonblock = flags&O_NONBLOCK != 0
	case command == F_GETFD:
		return done(value(f.descriptorFlags))
	case command == F_SETFD:
		f.descriptorFlags = flags & FD_CLOEXEC
	default:
		return failed(EINVAL)
	}
	return status("")
}

// status is in which ways a file is open, and whether it does not block.
func (f *file) status() (way int, nonblock *bool) {
	switch {
	case f.socket != nil:
		return O_RDWR, &f.socket.nonblock
	case f.pipeEnd != nil && f.writes:
		return O_WRONLY, &f.pipeEnd.nonblock
	case f.pipeEnd != nil:
		return O_RDONLY, &f.pipeEnd.nonblock
	case f.disk != nil:
		return f.disk.flags & (O_WRONLY | O_RDWR), new(bool)
	}
	return O_RDWR, new(bool)
}

// Ioctl is ioctl(2) of a number: n is what FIONBIO sets, and Result.Option what
// the others tell.
func (h *Host) Ioctl(fd, command, n int) Op {
	s, e := h.socket(fd)
	if f := h.files[fd]; f != nil && f.pipeEnd != nil && command == SIOCINQ {
		return done(Result{Option: []int{f.held}})
	}
	switch {
	case e == ENOTSOCK:
		return failed(ENOTTY)
	case e != "":
		return failed(e)
	}
	switch command {
	case FIONBIO:
		s.nonblock = n != 0
		return status("")
	case SIOCATMARK:
		if s.atMark() {
			return done(Result{Option: []int{1}})
		}
		return done(Result{Option: []int{0}})
	case SIOCINQ, SIOCOUTQ, SIOCOUTQNSD:
	default:
		return failed(ENOTTY)
	}
	if s.listener != nil {
		return failed(EINVAL)
	}
	return done(Result{Option: []int{s.queued(command)}})
}

func (s *socket) queued(command int) int {
	switch {
	case s.conn == nil || s.beginning():
		return 0
	case command == SIOCINQ:
		n, _ := s.conn.Buffered()
		if s.inline() {
			return n
		}
		if s.atMark() {
			return 0
		}
		return s.beforeMark(n)
	}
	i := s.conn.Info()
	if command == SIOCOUTQNSD {
		return i.Unsent
	}
	switch i.State {
	case handshake.FinWait1, handshake.Closing, handshake.LastAck:
		return s.conn.Unsent() + 1 // a FIN counts as what it takes of the sequence
	}
	return s.conn.Unsent()
}

// Name is getsockname(2), or getpeername(2) if peer is set.
func (h *Host) Name(fd int, peer bool) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case !peer && s.conn != nil:
		return done(Result{Addr: addrPort(s.conn.LocalAddr())})
	case !peer && s.listener != nil:
		return done(Result{Addr: addrPort(s.listener.Addr())})
	case !peer:
		return done(Result{Addr: s.local})
	case s.conn == nil || s.opening() || s.over():
		return failed(ENOTCONN)
	}
	return done(Result{Addr: addrPort(s.conn.RemoteAddr())})
}
