package handshake

import "time"

// SetFinWait2 changes Config.FinWait2 (TCP_LINGER2 in Linux). It counts from when
// nobody reads any more.
func (m *Machine) SetFinWait2(d time.Duration) { m.config.FinWait2 = d }

// finAcknowledged goes to FIN-WAIT-2, unless nobody reads what the peer may send and
// it is not waited for.
func (m *Machine) finAcknowledged(now instant, out []Output) []Output {
	switch {
	case m.closed && m.config.FinWait2 < 0:
		return m.end(nil, m.resetAt(m.send.nxt, out))
	case m.closed:
		m.timers.final = now.Add(m.config.FinWait2)
	}
	return m.setState(FinWait2, out)
}
