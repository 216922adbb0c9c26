package handshake

// timers are when things are due; the zero time is never.
type timers struct {
	retransmit instant // SYN, SYN-ACK, data or FIN
	tail       instant // tail loss probe
	reorder    instant // what is late counts as lost
	persist    instant // window probe
	keepAlive  instant // probe of a silent connection
	delayedAck instant
	synAck     instant // the held-back SYN-ACK
	final      instant // end of TIME-WAIT, or of FIN-WAIT-2 without a reader
}

func (t *timers) next() instant {
	// Less one, what is never comes last: this is asked after every segment.
	first := min(
		uint64(t.retransmit-1), uint64(t.tail-1), uint64(t.reorder-1), uint64(t.persist-1),
		uint64(t.keepAlive-1), uint64(t.delayedAck-1), uint64(t.synAck-1), uint64(t.final-1),
	)
	return instant(first + 1)
}

func (t *timers) clear() { *t = timers{} }

// due reports whether the timer has run out, and stops it if so.
func due(t *instant, now instant) bool {
	if t.IsZero() || now.Before(*t) {
		return false
	}
	*t = 0
	return true
}

// fire does everything that was due by now.
func (m *Machine) fire(now instant, out []Output) []Output {
	if due(&m.timers.synAck, now) {
		out = m.sendSynAck(now, out)
	}
	if due(&m.timers.reorder, now) {
		out = m.reorderTimeout(now, out)
	}
	// A probe that is due together with the timeout goes instead of it.
	if due(&m.timers.tail, now) {
		out = m.tailTimeout(now, out)
	}
	if due(&m.timers.retransmit, now) {
		out = m.retransmitTimeout(now, out)
	}
	if due(&m.timers.persist, now) {
		out = m.persistTimeout(now, out)
	}
	if due(&m.timers.keepAlive, now) {
		out = m.keepAliveTimeout(now, out)
	}
	if due(&m.timers.delayedAck, now) {
		m.missedAck()
		out = m.sendAck(now, out)
	}
	if due(&m.timers.final, now) {
		out = m.end(nil, out)
	}
	return out
}

// retransmitTimeout is RFC 6298, Section 5.4 to 5.6, for what the state has
// outstanding.
func (m *Machine) retransmitTimeout(now instant, out []Output) []Output {
	switch m.state {
	case SynSent:
		return m.synTimeout(now, out)
	case SynReceived:
		return m.synAckTimeout(now, out)
	}
	return m.dataTimeout(now, out)
}

func (m *Machine) armRetransmit(now instant) {
	m.timers.retransmit = m.beforeUserTimeout(now.Add(m.rtt.rto))
}
