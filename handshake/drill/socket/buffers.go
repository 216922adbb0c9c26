package socket

import "tfocraft/handshake"

// What bounds sizes of buffers, and where they begin: those of Linux, with the
// memory that segments take beside their data, and those of FreeBSD.
const (
	leastSendBuffer    = 4608
	leastReceiveBuffer = 2304
	mostBuffer         = 4 << 20   // net.core.wmem_max and rmem_max
	firstSend          = 16 << 10  // of net.ipv4.tcp_wmem
	firstReceive       = 128 << 10 // of net.ipv4.tcp_rmem
	firstSendBSD       = 32 << 10
	firstReceiveBSD    = 64 << 10
)

// keepBuffer is what the kernel makes of a size. Linux doubles it, and tells that;
// a negative one is very large.
func keepBuffer(least int) func(*socket, int) int {
	return func(s *socket, n int) int {
		if s.options.profile != handshake.Linux {
			return n
		}
		return max(2*min(int(uint32(n)), mostBuffer), least)
	}
}

// dataRoom is how much data a buffer of this size has room for.
func (o *options) dataRoom(size int) int {
	if o.profile != handshake.Linux {
		return size
	}
	return size / 2
}

// sendRoom is how much data may be written with a send buffer of this size.
func (o *options) sendRoom(size int) int {
	if o.profile != handshake.Linux || size == 0 {
		return size
	}
	return size + roomBeyond // see skbs
}

func tellSendBuffer(s *socket) int {
	if s.options.profile != handshake.Linux {
		return firstSendBSD
	}
	if first := s.host.settings.sendFirst; first > 0 {
		return first
	}
	return firstSend
}

func tellReceiveBuffer(s *socket) int {
	first := s.host.settings.machine.RecvBuffer
	if s.options.profile != handshake.Linux {
		first = firstReceiveBSD
	}
	return max(first, 2*s.options.get(SOL_SOCKET, SO_RCVLOWAT))
}

// setBuffers gives a connection the sizes that were set, which do not grow.
func (o *options) setBuffers(m *handshake.Config) {
	if n := o.dataRoom(o.get(SOL_SOCKET, SO_RCVBUF)); n > 0 {
		m.RecvBuffer, m.MaxRecvBuffer = n, n
	}
	m.RecvBuffer = max(m.RecvBuffer, o.get(SOL_SOCKET, SO_RCVLOWAT))
	if n := o.sendRoom(o.get(SOL_SOCKET, SO_SNDBUF)); n > 0 {
		m.SendBuffer, m.MaxSendBuffer = n, n
	}
}

// keepLowAt is tcp_set_rcvlowat: no more is waited for than the buffer has room for
// when it has grown.
func keepLowAt(s *socket, n int) int {
	room := s.options.get(SOL_SOCKET, SO_RCVBUF)
	if room == 0 {
		room = max(s.host.settings.machine.MaxRecvBuffer, tellReceiveBuffer(s))
	}
	if n < 0 {
		n = room
	}
	return max(min(n, s.options.dataRoom(room)), 1)
}

// changeLowAt makes room for what is to be waited for, unless SO_RCVBUF says how
// much there is.
func changeLowAt(s *socket, n int) Errno {
	if s.options.get(SOL_SOCKET, SO_RCVBUF) > 0 {
		return ""
	}
	return s.onConn(func() error { return s.conn.GrowReadBuffer(n) })
}
