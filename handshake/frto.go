package handshake

// mayAskTimeout reports whether a timeout is to be judged by what comes after it: not
// while another loss is repaired, unless it is the next timeout for the same segment
// (RFC 5682, Section 3.2), nor where a probe of the path is what may be lost.
func (m *Machine) mayAskTimeout() bool {
	first := m.recovery.phase == phaseOpen || m.send.timeouts > 1
	return !m.config.NoFRTO && first && (m.path == nil || m.path.probing == 0)
}

// judgeTimeout finds out whether a timeout was spurious (F-RTO, RFC 5682, Section 3.1):
// after the first segment new data goes out instead of what was taken for lost. If what
// arrives then was sent once before the timeout, it was only late, and all is as before.
func (m *Machine) judgeTimeout(acked int, d *delivery) {
	r, s := &m.recovery, &m.send
	switch {
	case r.phase != phaseLoss || !r.frto:
	case d.any && d.earlier.LessEq(r.point):
		// Step 3b.
		s.board.found()
		m.takeBack()
	case r.point.Less(s.nxt):
		// Step 3a: the new data has arrived, and the old has not.
		r.frto = acked > 0 || d.bytes == 0
	case acked > 0 && s.una.Less(r.point):
		// Step 2b.
		r.renew = true
	}
}

// renewed sends new data first, if that is to tell about a timeout, and reports whether
// there was some.
func (m *Machine) renewed(now instant, out []Output) (bool, []Output) {
	r := &m.recovery
	if !r.renew {
		return false, out
	}
	r.renew = false
	out = m.sendNew(now, out)
	r.frto = r.point.Less(m.send.nxt)
	return r.frto, out
}
