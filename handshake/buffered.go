package handshake

// Buffered returns how much memory the connection holds for data, in bytes: for what was queued and is not acknowledged, and
// for what has come before its turn. What was delivered is the owner's.
func (m *Machine) Buffered() int { return m.send.store.Cap() + m.recv.early.size() }

// size is the memory of all runs.
func (e *early) size() (n int) {
	for i := range e.runs {
		n += cap(e.runs[i].data)
	}
	return n
}
