package handshake

// Buffers begin small and grow with what the connection makes of them, up to a
// bound: a large one is of use only where the path takes long.

// receiveTuning measures how much the application reads in a round trip.
type receiveTuning struct {
	since instant
	read  int // bytes since then
}

// tuneReceive notes that the application has read n bytes, and lets the buffer
// hold twice what it reads in a round trip: as much as may come meanwhile, while
// the sender doubles its window (dynamic right-sizing, as in Linux).
func (m *Machine) tuneReceive(now instant, n int) {
	r, t := &m.recv, &m.recv.tune
	t.read += n
	if r.limit >= r.most || m.rtt.srtt == 0 || now.Sub(t.since) < m.rtt.srtt {
		return
	}
	if want := 2 * t.read; want > r.limit {
		r.limit = min(want, r.most)
	}
	t.since, t.read = now, 0
}

// tuneSend lets the send buffer hold twice what the windows allow: what is under
// way, and what follows it.
func (m *Machine) tuneSend() {
	s := &m.send
	if want := 2 * min(m.inBytes(m.cwnd.window), s.maxWindow); want > s.limit {
		s.limit = min(want, s.most)
	}
}
