package handshake

import "time"

// timers are when things are due; the zero time is never.
type timers struct {
	retransmit time.Time // SYN, SYN-ACK, data or FIN
	persist    time.Time // window probe
	delayedAck time.Time
	synAck     time.Time // the held-back SYN-ACK
	final      time.Time // end of TIME-WAIT, or of FIN-WAIT-2 without a reader
}

func (t *timers) next() time.Time {
	var first time.Time
	for _, at := range [...]time.Time{t.retransmit, t.persist, t.delayedAck, t.synAck, t.final} {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

func (t *timers) clear() { *t = timers{} }

// due reports whether the timer has run out, and stops it if so.
func due(t *time.Time, now time.Time) bool {
	if t.IsZero() || now.Before(*t) {
		return false
	}
	*t = time.Time{}
	return true
}

// fire does everything that was due by now.
func (m *Machine) fire(now time.Time, out []Output) []Output {
	if due(&m.timers.synAck, now) {
		out = m.sendSynAck(now, out)
	}
	if due(&m.timers.retransmit, now) {
		out = m.retransmitTimeout(now, out)
	}
	if due(&m.timers.persist, now) {
		out = m.persistTimeout(now, out)
	}
	if due(&m.timers.delayedAck, now) {
		out = m.sendAck(now, out)
	}
	if due(&m.timers.final, now) {
		out = m.end(nil, out)
	}
	return out
}

// retransmitTimeout is RFC 6298, Section 5.4 to 5.6, for what the state has
// outstanding.
func (m *Machine) retransmitTimeout(now time.Time, out []Output) []Output {
	switch m.state {
	case SynSent:
		return m.synTimeout(now, out)
	case SynReceived:
		return m.synAckTimeout(now, out)
	}
	return m.dataTimeout(now, out)
}

func (m *Machine) armRetransmit(now time.Time) { m.timers.retransmit = now.Add(m.rtt.rto) }
