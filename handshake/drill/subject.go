package drill

import "tfocraft/handshake/drill/socket"

// A subject is the socket under test, which assertions are about, as in packetdrill:
// the one that the script made last, or the child of a listener if a packet of a
// new connection came later.
type subject struct {
	fd    int   // the host's; -1 if there is no socket yet
	child *flow // nil unless it is the connection that counts
}

// newSocket makes the new socket the one under test.
func newSocket(p *player, a *args) *pendingCall {
	op := p.host.Socket(a.int(0, p.family()), a.int(1, socket.SOCK_STREAM), a.int(2, 0))
	return opens(func() (socket.Result, bool) {
		r, over := op()
		if over && r.Errno == "" {
			p.subject = subject{fd: r.Value}
		}
		return r, over
	})
}
