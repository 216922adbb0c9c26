package socket

import (
	"net/netip"

	"tfocraft/handshake/endpoint"
)

// ListenPort returns the port of the listener with the highest descriptor, or 0 if
// there is none.
func (h *Host) ListenPort() uint16 {
	best, port := -1, uint16(0)
	for fd, f := range h.files {
		if f.socket != nil && f.socket.listener != nil && fd > best {
			best, port = fd, addrPort(f.socket.listener.Addr()).Port()
		}
	}
	return port
}

// Find returns the descriptor of the socket that has a connection; ok is false if
// none has.
func (h *Host) Find(local, remote netip.AddrPort) (fd int, ok bool) {
	for fd, f := range h.files {
		if f.socket != nil && f.socket.conn != nil && sameEnds(f.socket.conn, local, remote) {
			return fd, true
		}
	}
	return 0, false
}

func sameEnds(c *endpoint.Conn, local, remote netip.AddrPort) bool {
	return addrPort(c.LocalAddr()) == local && addrPort(c.RemoteAddr()) == remote
}
