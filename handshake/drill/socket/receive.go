package socket

// Receive is read(2), recv(2), recvfrom(2), recvmsg(2) and readv(2), of up to n
// bytes. What they are is not told.
func (h *Host) Receive(fd, n, flags int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case n < 0:
		return failed(EINVAL)
	}
	at := s.expiry(s.options.receiveTimeout)
	got := 0
	return func() (Result, bool) {
		took, e := s.tryRead(n-got, flags)
		got += took
		switch {
		case got > 0 && (got == n || flags&MSG_WAITALL == 0 || took == 0 && e != EAGAIN):
			return value(got), true
		case got == 0 && e == "" && took == 0:
			return value(0), true
		case got > 0 && e == "":
			return Result{}, false
		case e != EAGAIN || !s.waits(flags) || s.expired(at):
			if got > 0 {
				return value(got), true
			}
			return fail(e), true
		}
		return Result{}, false
	}
}

// tryRead is one round of tcp_recvmsg: 0 without an error is the end of the
// stream.
func (s *socket) tryRead(n, flags int) (int, Errno) {
	switch {
	case s.deferred.IsValid():
		return 0, EAGAIN // to the program it is connecting
	case s.err != "" && s.conn == nil:
		return 0, s.takeError()
	case s.listener != nil || s.conn == nil:
		return 0, ENOTCONN
	}
	have, _ := s.conn.Buffered()
	switch {
	case have > 0 && flags&MSG_PEEK != 0:
		return min(n, have), ""
	case have > 0:
		took, err := s.conn.TryRead(make([]byte, min(n, have)))
		s.host.settle()
		return took, errnoOf(err)
	case s.sawFIN():
		return 0, "" // whatever came later
	case s.over():
		return 0, s.takeError()
	case s.shutRead:
		return 0, ""
	}
	return 0, EAGAIN
}
