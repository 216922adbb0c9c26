package socket

// TCP_DEFER_ACCEPT is given in seconds and kept as how often the SYN-ACK may have to
// go again, at doubled distance, until that many have passed.
const (
	firstSynAck   = 1   // seconds until it goes again
	farthest      = 120 // seconds from one to the next, at the most
	mostDeferrals = 255
)

// retransmissions is secs_to_retrans.
func retransmissions(seconds int) (n int) {
	for passed, pause := 0, firstSynAck; passed < seconds && n < mostDeferrals; n++ {
		passed += pause
		pause = min(2*pause, farthest)
	}
	return n
}

// secondsOf is retrans_to_secs.
func secondsOf(n int) (passed int) {
	for pause := firstSynAck; n > 0; n-- {
		passed += pause
		pause = min(2*pause, farthest)
	}
	return passed
}

func keepDefer(_ *socket, n int) int { return secondsOf(retransmissions(n)) }

// changeDefer changes a listener; a connection has had its ACK.
func changeDefer(s *socket, _ int) Errno {
	if s.listener != nil {
		// An error means that it is closed.
		_ = s.listener.SetDeferAccept(s.options.deferAccept())
	}
	return ""
}

// deferAccept is how often the SYN-ACK may have to go again.
func (o *options) deferAccept() uint8 {
	return uint8(retransmissions(o.get(SOL_TCP, TCP_DEFER_ACCEPT)))
}
