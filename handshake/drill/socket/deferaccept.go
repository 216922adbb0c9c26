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
