package handshake

import "time"

// KeepAlive says when a silent connection is probed (RFC 9293, Section 3.8.4).
type KeepAlive struct {
	Idle     time.Duration // silence before the first probe; 0 means none at all, as RFC 9293 wants by default
	Interval time.Duration // between probes; 0 means 75 s, as in Linux
	Count    int           // unanswered probes that end the connection; 0 means 9, as in Linux
}

func (k *KeepAlive) setDefaults() {
	setDefault(&k.Interval, 75*time.Second)
	setDefault(&k.Count, 9)
}

// keepAlive is the state of the probing.
type keepAlive struct {
	heard  instant // when the peer was last heard
	probes int     // since then
}

func (m *Machine) setKeepAlive(now instant, k KeepAlive) {
	k.setDefaults()
	m.config.KeepAlive = k
	m.timers.keepAlive = 0
	if m.state.Synchronized() && m.state != TimeWait {
		m.armKeepAlive(now)
	}
}

// armKeepAlive starts the timer, from when the peer was last heard.
func (m *Machine) armKeepAlive(now instant) {
	if m.alive.heard.IsZero() {
		m.alive.heard = now
	}
	if m.config.KeepAlive.Idle <= 0 {
		return
	}
	m.timers.keepAlive = m.alive.heard.Add(m.config.KeepAlive.Idle)
}

// hear notes that the peer is alive. The timer is not moved for every segment:
// it looks when it runs out.
func (m *Machine) hear(now instant) {
	m.alive.heard, m.alive.probes = now, 0
}

// keepAliveTimeout sends a probe if the peer has been silent for long enough and
// nothing else is under way that would find it gone.
func (m *Machine) keepAliveTimeout(now instant, out []Output) []Output {
	k := &m.config.KeepAlive
	switch due := m.alive.heard.Add(k.Idle + time.Duration(m.alive.probes)*k.Interval); {
	case k.Idle <= 0 || m.state == TimeWait:
		return out
	case now.Before(due):
		m.timers.keepAlive = due
		return out
	case m.send.inFlight() > 0 || m.send.unsent() > 0:
		// The timers of the data do for it.
		m.timers.keepAlive = now.Add(k.Interval)
		return out
	case m.alive.probes >= k.Count:
		return m.abort(now, ErrTimeout, out) // as in Linux with a reset, for the peer may be there after all
	}
	m.alive.probes++
	m.timers.keepAlive = now.Add(k.Interval)
	return m.probe(now, out)
}
