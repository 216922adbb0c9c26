package socket

import (
	"cmp"
	"net/netip"
)

// Unspec stands for an address of the family AF_UNSPEC.
var Unspec = netip.AddrPortFrom(netip.Addr{}, 1)

// Send is write(2), send(2), sendto(2), sendmsg(2) and writev(2): n bytes, to an
// address if it is valid.
func (h *Host) Send(fd int, data []byte, flags int, to netip.AddrPort) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case flags&MSG_FASTOPEN != 0 || s.deferred.IsValid():
		return s.sendFastOpen(data, flags, to)
	case s.conn == nil && s.listener == nil && s.options.impliesConnect(to):
		return s.connectAndWrite(data, flags|MSG_DONTWAIT, to)
	}
	return s.write(data, flags)
}

// sendFastOpen is tcp_sendmsg_fastopen: connect and write in one call (RFC 7413,
// Appendix A.1).
func (s *socket) sendFastOpen(data []byte, flags int, to netip.AddrPort) Op {
	switch {
	case s.host.settings.fastOpen&clientEnable == 0 || to == Unspec:
		return failed(EOPNOTSUPP)
	case s.listener != nil || s.told:
		return failed(EISCONN)
	case s.conn != nil:
		return s.awaitConnected(flags, data, fail(EALREADY), func(ahead int) Op { return s.queue(data, flags, ahead) })
	case s.deferred.IsValid():
		to, s.deferred = s.deferred, netip.AddrPort{}
	}
	return s.connectAndWrite(data, flags, to)
}

func (s *socket) connectAndWrite(data []byte, flags int, to netip.AddrPort) Op {
	if len(data) > 0 && flags&NullBuffer != 0 && s.fastOpenReady(to) {
		return unsupported("a NULL buffer for data of a SYN")
	}
	n, e := s.begin(to, s.clientMode(), data)
	late := fail(EINPROGRESS)
	switch {
	case e != "":
		return failed(e)
	case n > 0 && s.waits(flags):
		late = value(n)
	case n > 0:
		late = s.sent(n, flags)
	}
	return s.awaitConnected(flags, data[n:], late, func(ahead int) Op { return s.queue(data, flags, n+ahead) })
}

// write sends on a connection that was begun before.
func (s *socket) write(data []byte, flags int) Op {
	if !s.opening() {
		return s.queue(data, flags, 0)
	}
	return s.awaitHandshake(flags, data, fail(EAGAIN), func() Result { return fail(cmp.Or(s.takeError(), EPIPE)) },
		func(ahead int) Op { return s.queue(data, flags, ahead) })
}

// queue queues data behind its first n bytes, which are on their way already.
func (s *socket) queue(data []byte, flags, n int) Op {
	at := s.expiry(s.options.sendTimeout)
	slept := false
	return func() (Result, bool) {
		if slept && s.metered() && !s.expired(at) && !s.over() && !s.shutWrite && !s.writable() {
			return Result{}, false // sk_stream_write_space wakes nobody for less
		}
		for {
			took, e := s.tryWrite(data[n:], flags)
			n += took
			s.chrono.full = s.chrono.full || e == EAGAIN
			switch {
			case n == len(data) && e == "":
				return s.sent(n, flags), true
			case e == "":
				continue
			case n > 0 && (e != EAGAIN || !s.waits(flags) || s.expired(at)):
				return s.sent(n, flags), true
			case e != EAGAIN || !s.waits(flags) || s.expired(at):
				return fail(e), true
			}
			slept = true
			return Result{}, false
		}
	}
}

// sent notes what is to be told of n bytes later, which a call returns.
func (s *socket) sent(n, flags int) Result {
	if n > 0 {
		if s.pins(flags) {
			s.pin()
		}
		s.mark()
		s.notice()
	}
	return value(n)
}

// markEnd says what the flags do of the end of what was queued.
func (s *socket) markEnd(flags int) {
	// An error means that the connection is closed.
	if flags&MSG_EOR != 0 {
		_ = s.conn.EndRecord()
	}
	if flags&MSG_OOB != 0 {
		_ = s.conn.Urge()
	}
}

// tryWrite queues what there is room for. MSG_MORE holds back what does not fill a
// segment for as long as the call takes; later it goes as all else does.
func (s *socket) tryWrite(data []byte, flags int) (n int, e Errno) {
	switch {
	case s.listener != nil:
		return 0, EPIPE
	case s.over():
		return 0, cmp.Or(s.takeError(), EPIPE)
	case s.err != "":
		return 0, s.takeError()
	case s.shutWrite:
		return 0, EPIPE
	case len(data) > 0 && flags&NullBuffer != 0 && s.conn.Room() > 0:
		return 0, EFAULT
	case s.metered():
		return s.writeMetered(data, flags)
	}
	_ = s.conn.SetMore(flags&MSG_MORE != 0)
	n, err := s.conn.TryWrite(data)
	if err == nil && n == len(data) {
		s.markEnd(flags)
	}
	if err == nil {
		s.host.settle()
	}
	_ = s.conn.SetMore(false)
	if err != nil {
		return n, errnoOf(err)
	}
	return n, ""
}
