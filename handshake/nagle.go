package handshake

import "time"

// SetNagle changes Config.Nagle; what was held back goes out when it is
// switched off. Before [Machine.Open] it only takes note.
func (m *Machine) SetNagle(now time.Time, on bool, out []Output) []Output {
	m.scratch = m.scratch[:0]
	m.config.Nagle = on
	return m.flush(now, out)
}
