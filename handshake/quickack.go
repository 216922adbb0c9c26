package handshake

import "time"

// quickAcks decides as Linux does which data is acknowledged at once, beyond what
// RFC 5681 asks for: the first segments, whose sender is in slow start and grows
// its window by our acknowledgements. A connection that answers what it receives
// is interactive: there an answer will take the acknowledgement along. See
// Config.QuickAcks; without it nothing here is looked at.
type quickAcks struct {
	lastData    instant // when data last came in order, or the handshake was over
	interval    int32   // between segments of the peer, estimated, in microseconds; 0 before the first one
	left        uint8   // acknowledgements that go at once
	interactive bool
}

// The bounds of a delay; the lower one is Config.DelayedAck's default.
const (
	leastAckInterval = 40 * time.Millisecond
	mostAckDelay     = 200 * time.Millisecond
)

// leastSegment is what the peer's segments are taken for until larger ones come.
const leastSegment = 536

// peerSegment is an estimate of the size of the peer's segments.
func (r *receiver) peerSegment() int { return max(r.largest, min(leastSegment, r.mss), 1) }

func (q *quickAcks) set(interval time.Duration) {
	q.interval = int32(min(interval, time.Minute).Microseconds())
}

func (q *quickAcks) get() time.Duration { return time.Duration(q.interval) * time.Microsecond }

// refill allows as many quick acknowledgements as the window has pairs of
// segments, but not more than most.
func (r *receiver) refillQuickAcks(most uint8) {
	n := r.window() / (2 * r.peerSegment())
	if n == 0 {
		n = 2
	}
	r.quick.left = max(r.quick.left, uint8(min(n, int(most))))
}

// beginQuickAcks is for when the peer should hear of everything: our state and
// its own do not agree, or a writer has waited for the handshake to end.
func (m *Machine) beginQuickAcks() {
	if m.config.QuickAcks > 0 {
		m.recv.refillQuickAcks(m.config.QuickAcks)
		m.recv.quick.interactive = false
		m.recv.quick.set(leastAckInterval)
	}
}

// dataCame notes data that was next in order.
func (m *Machine) dataCame(now instant) {
	q := &m.recv.quick
	if m.config.QuickAcks == 0 {
		return
	}
	pause, interval := now.Sub(q.lastData), q.get()
	switch {
	case interval == 0:
		m.recv.refillQuickAcks(m.config.QuickAcks)
		q.set(leastAckInterval)
	case pause <= leastAckInterval/2:
		q.set(interval/2 + leastAckInterval/2)
	case pause < interval:
		q.set(min(interval/2+pause, m.rtt.rto))
	case pause > m.rtt.rto:
		// The peer begins to send anew, maybe with a small window.
		m.recv.refillQuickAcks(m.config.QuickAcks)
	}
	q.lastData = now
}

// dataGone notes data that is sent: soon after the peer's it is an answer.
func (q *quickAcks) dataGone(now instant) {
	if q.interval > 0 && now.Sub(q.lastData) < q.get() {
		q.interactive = true
	}
}

// acknowledged notes that data was acknowledged, in whatever way.
func (q *quickAcks) acknowledged() {
	if q.left > 0 {
		if q.left--; q.left == 0 {
			q.set(leastAckInterval)
		}
	}
}

// missed notes that an acknowledgement was delayed for nothing.
func (m *Machine) missedAck() {
	q := &m.recv.quick
	if q.interactive {
		q.interactive = false
		q.set(leastAckInterval)
	} else {
		q.set(min(2*q.get(), m.rtt.rto))
	}
}

// ackIsDue reports whether data is acknowledged at once (RFC 9293,
// Section 3.8.6.3: at least every second full segment).
func (m *Machine) ackIsDue() bool {
	r := &m.recv
	switch {
	case r.ackAtOnce || r.ackOwed || m.config.DelayedAck < 0:
		return true
	case m.config.QuickAcks == 0:
		return r.unacked >= 2*r.largest
	}
	return r.quick.left > 0 && !r.quick.interactive || r.unacked > r.peerSegment() && (!m.config.LinuxSender || r.keepsUp())
}

// keepsUp reports whether the window that an acknowledgement would announce is no smaller than the one
// before. As in Linux it is not worth one otherwise: reading will bring one.
func (r *receiver) keepsUp() bool {
	return min(r.limit-r.unread, r.widest()) >= r.edge.Diff(r.lastAck)
}

// readingDue reports whether data that was not worth an acknowledgement is once it was read (see keepsUp).
func (m *Machine) readingDue() bool {
	return m.config.LinuxSender && m.config.QuickAcks > 0 && m.recv.unacked > m.recv.peerSegment()
}

// delayAck starts the timer of a delayed acknowledgement. It reports false if one
// is about to run out: then it is not worth waiting.
func (m *Machine) delayAck(now instant) bool {
	t := &m.timers.delayedAck
	if m.config.QuickAcks == 0 {
		if t.IsZero() {
			*t = now.Add(m.config.DelayedAck)
		}
		return true
	}
	delay := m.recv.quick.get()
	if m.rtt.srtt > 0 {
		delay = min(delay, m.rtt.srtt)
	}
	delay = min(max(delay, m.config.DelayedAck), mostAckDelay)
	switch at := now.Add(delay); {
	case t.IsZero():
		*t = at
	case t.Sub(now) <= delay/4:
		return false
	default:
		*t = min(*t, at)
	}
	return true
}

// setQuickAck is TCP_QUICKACK of Linux.
func (m *Machine) setQuickAck(now instant, on bool, out []Output) []Output {
	if !on {
		m.recv.quick.interactive = true
		return out
	}
	if m.config.QuickAcks == 0 {
		m.config.QuickAcks = 16
		m.beginQuickAcks()
	}
	m.recv.quick.interactive = false
	if m.recv.unacked > 0 && (m.state == Established || m.state == CloseWait) {
		return m.sendAck(now, out)
	}
	return out
}
