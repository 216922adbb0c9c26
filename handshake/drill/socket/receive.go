package socket

import "time"

// Receive is read(2), recv(2), recvfrom(2), recvmsg(2) and readv(2), of up to n
// bytes. What they are is not told.
func (h *Host) Receive(fd, n, flags int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case n < 0:
		return failed(EINVAL)
	case flags&MSG_ERRQUEUE != 0:
		return h.ReceiveError(fd, n)
	case flags&MSG_OOB != 0:
		return s.receiveUrgent(n, flags)
	}
	r := &reader{socket: s, n: n, flags: flags, enough: min(s.lowAt(), n), until: s.expiry(s.options.receiveTimeout)}
	if flags&MSG_WAITALL != 0 {
		r.enough = n
	}
	return r.try
}

// A reader is a call that receives, under way.
type reader struct {
	*socket
	n, flags int
	enough   int // bytes that it waits for
	until    time.Time
	got      int
	slept    bool
}

// try is tcp_recvmsg from one sleep to the next.
func (r *reader) try() (Result, bool) {
	late := !r.waits(r.flags) || r.expired(r.until)
	switch {
	case r.slept && !late && r.ready()&(POLLIN|POLLERR|POLLHUP) == 0:
		return Result{}, false // less than SO_RCVLOWAT wakes nobody
	case r.got > 0 && r.drained():
		return r.result(), true // the error is for the next call
	}
	if r.flags&MSG_PEEK != 0 {
		r.got = 0
	}
	took, e := r.tryRead(r.n-r.got, r.flags)
	r.got += took
	switch {
	case r.got > 0 && (r.got >= r.enough || late || r.drained() || r.atMark()):
		return r.result(), true
	case r.got == 0 && (e != EAGAIN || late):
		if e == "" {
			return r.result(), true
		}
		return fail(e), true
	}
	r.slept = true
	return Result{}, false
}

// result is what the call returns that has read something, or the end.
func (r *reader) result() Result { return Result{Value: r.got, Control: r.controls()} }

// drained reports whether there is nothing to read and nothing will come.
func (s *socket) drained() bool {
	have, ended := s.conn.Buffered()
	return have == 0 && (ended || s.shutRead)
}

// lowAt is SO_RCVLOWAT.
func (s *socket) lowAt() int { return max(s.options.get(SOL_SOCKET, SO_RCVLOWAT), 1) }

// rouses is tcp_epollin_ready: whether so much that can be read is reason to wake a
// reader, be it because the window is about to close.
func (s *socket) rouses(have int) bool {
	if have == 0 || have >= s.lowAt() {
		return have > 0
	}
	i := s.conn.Info()
	return i.RecvWindow <= i.MSS
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
	if n > 0 && flags&MSG_PEEK == 0 {
		s.skipMark()
		have, _ = s.conn.Buffered()
		n = s.beforeMark(n)
	} else if s.atMark() && !s.inline() {
		have = max(have-1, 0)
	} else {
		have = s.beforeMark(have)
	}
	switch {
	case have > 0 && n > 0 && flags&NullBuffer != 0 && flags&MSG_TRUNC == 0:
		return 0, EFAULT
	case have > 0 && flags&MSG_PEEK != 0:
		return min(n, have), ""
	case have > 0:
		took, err := s.conn.TryRead(make([]byte, min(n, have)))
		s.host.settle()
		s.passMark()
		return took, errnoOf(err)
	case s.sawFIN():
		return 0, "" // whatever came later
	case s.over(), s.err != "":
		return 0, s.takeError()
	case s.shutRead:
		return 0, ""
	}
	return 0, EAGAIN
}
