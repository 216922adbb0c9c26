package socket

import (
	"net/netip"
)

// Send is write(2), send(2), sendto(2), sendmsg(2) and writev(2): n bytes, to an
// address if it is valid.
func (h *Host) Send(fd int, data []byte, flags int, to netip.AddrPort) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	switch {
	case s.deferred.IsValid():
		to = s.deferred
		s.deferred = netip.AddrPort{}
		return s.sendFastOpen(data, flags, to)
	case flags&MSG_FASTOPEN != 0:
		return s.sendFastOpenTo(data, flags, to)
	case s.conn == nil && s.listener == nil && s.options.impliesConnect(to):
		return s.sendFastOpen(data, flags|MSG_DONTWAIT, to)
	}
	return s.write(data, flags, 0)
}

// sendFastOpenTo is tcp_sendmsg_fastopen: connect and write in one call (RFC 7413,
// Appendix A.1).
func (s *socket) sendFastOpenTo(data []byte, flags int, to netip.AddrPort) Op {
	switch {
	case s.host.settings.fastOpen&clientEnable == 0 || !to.IsValid():
		return failed(EOPNOTSUPP)
	case s.opening():
		return failed(EALREADY)
	case s.listener != nil, s.conn != nil && !s.over() && s.told:
		return failed(EISCONN)
	case s.conn != nil && !s.over():
		s.told = true // as connect would say now
		return s.write(data, flags, 0)
	case s.conn != nil && s.err != "":
		return failed(s.takeError())
	}
	return s.sendFastOpen(data, flags, to)
}

func (s *socket) sendFastOpen(data []byte, flags int, to netip.AddrPort) Op {
	n, e := s.begin(to, s.clientMode(), data)
	switch {
	case e != "":
		return failed(e)
	case !s.waits(flags) && n > 0:
		return done(value(n))
	case !s.waits(flags):
		return failed(EINPROGRESS)
	}
	// What is behind the SYN leaves with the ACK that ends the handshake.
	ahead, _ := s.conn.WriteAhead(data[n:])
	n += ahead
	return s.awaitConnected(flags, func() Op {
		s.told = true
		return s.write(data[n:], flags, n)
	})
}

// write queues data behind the before bytes that the call has sent already.
func (s *socket) write(data []byte, flags, before int) Op {
	at := s.expiry(s.options.sendTimeout)
	n := 0
	s.cork(flags)
	return func() (Result, bool) {
		for {
			took, e := s.tryWrite(data[n:])
			n += took
			switch {
			case n == len(data) && e == "":
				s.uncork(flags)
				return value(before + n), true
			case e == "":
				continue
			case before+n > 0 && (e != EAGAIN || !s.waits(flags) || s.expired(at)):
				return value(before + n), true
			case e != EAGAIN || !s.waits(flags) || s.expired(at):
				return fail(e), true
			}
			return Result{}, false
		}
	}
}

// cork holds back what does not fill a segment, for MSG_MORE.
func (s *socket) cork(flags int) {
	if flags&MSG_MORE != 0 && s.conn != nil {
		s.more = true
		_ = s.conn.SetCork(true)
	}
}

// uncork lets the rest go once a call without MSG_MORE has added to it.
func (s *socket) uncork(flags int) {
	if flags&MSG_MORE == 0 && s.more {
		s.more = false
		_ = s.conn.SetCork(s.options.get(SOL_TCP, TCP_CORK) != 0)
		s.host.settle()
	}
}

// tryWrite queues what there is room for.
func (s *socket) tryWrite(data []byte) (n int, e Errno) {
	switch {
	case s.listener != nil, s.conn == nil:
		return 0, EPIPE
	case s.over():
		if e := s.takeError(); e != "" {
			return 0, e
		}
		return 0, EPIPE
	case s.shutWrite:
		return 0, EPIPE
	case s.opening():
		return 0, EAGAIN
	}
	n, err := s.conn.TryWrite(data)
	if err != nil {
		return n, errnoOf(err)
	}
	s.host.settle()
	return n, ""
}
