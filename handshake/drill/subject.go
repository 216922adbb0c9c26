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
	typ, protocol := a.int(1, socket.SOCK_STREAM), a.int(2, 0)
	if typ&0xf != socket.SOCK_STREAM || protocol != 0 && protocol != tcpProtocol {
		a.fail(unsupportedf("a socket that is none of TCP is not supported"))
	}
	op := p.host.Socket(a.int(0, p.family()), typ, protocol)
	return opens(func() (socket.Result, bool) {
		r, over := op()
		if over && r.Errno == "" {
			p.subject = subject{fd: r.Value}
		}
		return r, over
	})
}
