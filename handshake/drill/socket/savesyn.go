package socket

// SavedSyn is getsockopt(2) with TCP_SAVED_SYN: the headers of the SYN that a connection
// was opened by, once, where its listener has TCP_SAVE_SYN. What they are is not told,
// but how long.
func (h *Host) SavedSyn(fd, room int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case !s.served || s.synTaken || s.options.get(SOL_TCP, TCP_SAVE_SYN) == 0:
		return done(Result{Option: []int{0}})
	}
	n := s.trafficOf().syn
	if n > room {
		return failed(EINVAL)
	}
	s.synTaken = true
	return done(Result{Option: []int{n}})
}
