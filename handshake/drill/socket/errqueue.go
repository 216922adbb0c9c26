package socket

// An errorQueue is what recvmsg with MSG_ERRQUEUE takes from.
type errorQueue struct {
	waiting []queuedError
	told    uint64 // how often somebody who waits was told of it
}

// A queuedError is a timestamp, the end of zero copy, or an ICMP error that ends a SYN.
type queuedError struct {
	control []Control
	size    int // of the data that comes along
}

// add is sock_queue_err_skb.
func (q *errorQueue) add(e queuedError) {
	q.waiting = append(q.waiting, e)
	q.told++
}

// ReceiveError is recvmsg(2) with MSG_ERRQUEUE, which does not wait.
func (h *Host) ReceiveError(fd, n int) Op {
	s, e := h.socket(fd)
	q := &s.errors
	switch {
	case e != "":
		return failed(e)
	case len(q.waiting) == 0:
		return failed(EAGAIN)
	case n > 0 && q.waiting[0].size > 0:
		return unsupported("the packet that an error or a timestamp is about")
	}
	first := q.waiting[0]
	q.waiting = q.waiting[1:]
	if len(q.waiting) > 0 {
		q.told++ // sock_dequeue_err_skb
	}
	r := Result{Flags: MSG_ERRQUEUE, Control: first.control}
	if first.size > 0 {
		r.Flags |= MSG_TRUNC
	}
	return done(r)
}

// receivedError is the message of the family that says what an error is about.
func (s *socket) receivedError(e ExtendedError) Control {
	if s.ipv6 && s.host.config.Local.Is6() {
		return Control{Level: SOL_IPV6, Type: IPV6_RECVERR, Error: e}
	}
	return Control{Level: SOL_IP, Type: IP_RECVERR, Error: e}
}
