package socket

import (
	"errors"
	"io"
	"net/netip"
	"time"

	"tfocraft/handshake/endpoint"
)

// A socket is one TCP socket. It is unconnected while it has neither a listener
// nor a conn.
type socket struct {
	host     *Host
	ipv6     bool
	nonblock bool
	local    netip.AddrPort // by bind; port 0 if there is none
	listener *endpoint.Listener
	backlog  int // of the listener, as Linux keeps it
	conn     *endpoint.Conn

	deferred  netip.AddrPort // of a connect whose SYN waits for data (TCP_FASTOPEN_CONNECT)
	served    bool           // it was accepted
	told      bool           // connect has returned 0, or the connection was accepted
	err       Errno          // sk_err: the error that the next call returns
	ended     bool           // the end of conn was noticed, and its error is or was in err
	synTaken  bool           // see SavedSyn
	shutRead  bool
	shutWrite bool
	options   options
	followUp
}

// Flags of socket(2) and of calls that send and receive, with Linux's numbers.
const (
	SOCK_NONBLOCK = 0o4000
	SOCK_CLOEXEC  = 0o2000000

	MSG_OOB      = 0x1
	MSG_PEEK     = 0x2
	MSG_CTRUNC   = 0x8
	MSG_TRUNC    = 0x20
	MSG_DONTWAIT = 0x40
	MSG_EOR      = 0x80
	MSG_WAITALL  = 0x100
	MSG_ERRQUEUE = 0x2000
	MSG_NOSIGNAL = 0x4000
	MSG_MORE     = 0x8000
	MSG_ZEROCOPY = 0x4000000
	MSG_FASTOPEN = 0x20000000

	// NullBuffer stands beside the flags of a call whose buffer is NULL.
	NullBuffer = 0x1000000
)

// Conn returns the connection of a descriptor, or nil.
func (h *Host) Conn(fd int) *endpoint.Conn {
	if s, e := h.socket(fd); e == "" {
		return s.conn
	}
	return nil
}

// CloseFile is close(2). What is unread makes it a reset, as in the endpoint.
func (h *Host) CloseFile(fd int) Op {
	f := h.files[fd]
	if f == nil {
		return failed(EBADF)
	}
	delete(h.files, fd)
	switch {
	case f.socket != nil:
		f.socket.close()
		h.settle()
	case f.pipeEnd != nil:
		f.pipeEnd.close()
	}
	return status("")
}

func (s *socket) close() {
	switch {
	case s.listener != nil:
		s.listener.Close()
	case s.conn != nil && s.options.lingerOn && s.options.linger == 0:
		s.conn.Abort()
	case s.conn != nil:
		s.conn.Close()
	}
}

// Shutdown is shutdown(2).
func (h *Host) Shutdown(fd, how int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case how < 0 || how > 2:
		return failed(EINVAL)
	case s.listener != nil && how != 1:
		s.listener.Close()
		s.listener = nil
		return status("")
	case s.deferred.IsValid(), s.opening():
		return h.Disconnect(fd) // inet_shutdown in SYN-SENT
	case s.conn == nil || s.over():
		return failed(ENOTCONN)
	}
	if how != 1 {
		s.shutRead = true
		_ = s.conn.CloseRead() // an error means that it is closed
	}
	if how != 0 && !s.shutWrite {
		s.shutWrite = true
		s.conn.CloseWrite()
		h.settle()
	}
	return status("")
}

// over reports whether the connection is in CLOSED, and takes its error over once.
func (s *socket) over() bool {
	if s.conn == nil {
		return true
	}
	ended, err := s.conn.Ended()
	if ended && !s.ended {
		s.ended = true
		s.err = errnoOf(err)
		if s.err == ECONNRESET && !s.shutWrite && s.sawFIN() {
			s.err = EPIPE // tcp_reset in CLOSE-WAIT
		}
	}
	return ended
}

// sawFIN reports whether all was read up to the peer's FIN.
func (s *socket) sawFIN() bool {
	if n, ended := s.conn.Buffered(); n > 0 || !ended {
		return false
	}
	_, err := s.conn.TryRead(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// opening reports whether the handshake of a connect is going on.
func (s *socket) opening() bool {
	if s.conn == nil {
		return false
	}
	open, err := s.conn.Opened()
	return !open && err == nil
}

// takeError returns the pending error, which is told once.
func (s *socket) takeError() Errno {
	s.over()
	e := s.err
	s.err = ""
	return e
}

// waits reports whether a call with these flags blocks.
func (s *socket) waits(flags int) bool { return !s.nonblock && flags&MSG_DONTWAIT == 0 }

// expiry returns when a call with this timeout has waited long enough.
func (s *socket) expiry(timeout time.Duration) time.Time {
	if timeout <= 0 {
		return time.Time{}
	}
	at := s.host.now.Add(timeout)
	s.host.wakeAt(at)
	return at
}

func (s *socket) expired(at time.Time) bool { return !at.IsZero() && !s.host.now.Before(at) }
