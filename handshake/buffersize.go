package handshake

// SetSendBuffer says how many bytes the send buffer has room for, which is at least
// one; it does not grow by itself any more. What it holds beyond that stays.
func (m *Machine) SetSendBuffer(n int) { m.send.limit, m.send.most = max(n, 1), max(n, 1) }

// SetRecvBuffer is SetSendBuffer of the receive buffer. The window that was
// announced is not taken back (RFC 9293, Section 3.8.6), and a larger one is
// announced with the next segment.
func (m *Machine) SetRecvBuffer(n int) { m.recv.limit, m.recv.most = max(n, 1), max(n, 1) }

// GrowRecvBuffer gives the receive buffer room for n bytes at least, for a reader
// that waits for so many; it goes on growing with its use.
func (m *Machine) GrowRecvBuffer(n int) {
	m.recv.limit = max(m.recv.limit, n)
	m.recv.most = max(m.recv.most, n)
}
