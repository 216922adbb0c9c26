package handshake

// The user timeout (RFC 9293, Section 3.9.1.1; RFC 5482) bounds for how long the
// peer may leave untouched what there is for it: what was sent, or what its
// closed window keeps from being sent. It is looked at when a timer runs out.

// untouched begins to count for how long the peer takes nothing; Linux does so only
// when a timer has run out, which is for untouchedAgain.
func (m *Machine) untouched(now instant) {
	if m.send.stuckSince = now; m.config.LinuxSender {
		m.send.stuckSince = 0
	}
}

// untouchedAgain is for when something goes again because a timer has run out.
func (m *Machine) untouchedAgain(now instant) {
	if m.send.stuckSince.IsZero() {
		m.send.stuckSince = now
	}
}

func (m *Machine) userTimedOut(now instant) bool {
	t := m.config.UserTimeout
	return t > 0 && !m.send.stuckSince.IsZero() && now.Sub(m.send.stuckSince) >= t
}

// beforeUserTimeout brings a timer forward that would come after the user
// timeout.
func (m *Machine) beforeUserTimeout(at instant) instant {
	if m.config.UserTimeout <= 0 || m.send.stuckSince.IsZero() {
		return at
	}
	if last := m.send.stuckSince.Add(m.config.UserTimeout); last.Before(at) {
		return last
	}
	return at
}
