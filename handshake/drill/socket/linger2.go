package socket

import "time"

// The seconds that a connection waits in FIN-WAIT-2, unless told otherwise, and the
// most that TCP_LINGER2 can tell.
const (
	firstFinTimeout = 60
	mostFinTimeout  = 120
)

// finTimeout is net.ipv4.tcp_fin_timeout.
func finTimeout(c *settings) int {
	if d := c.machine.FinWait2; d > 0 {
		return int(d / time.Second)
	}
	return firstFinTimeout
}

// keepLinger2 is what the kernel makes of a number of seconds: 0 is that of the
// setting, and less does not wait.
func keepLinger2(s *socket, n int) int {
	switch {
	case n < 0:
		return -1
	case n == 0:
		return finTimeout(&s.host.settings)
	}
	return min(n, mostFinTimeout)
}

// finWait2 is how long a connection waits for the FIN of its peer.
func (o *options) finWait2(c *settings) time.Duration {
	if n := o.get(SOL_TCP, TCP_LINGER2); n != 0 {
		return seconds(n)
	}
	return c.machine.FinWait2
}
