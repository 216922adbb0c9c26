package handshake

import (
	"time"

	"tfocraft/wire"
)

// enterTimeWait waits for stray segments to die out, unless configured not to
// (RFC 9293, Section 3.6.1).
func (m *Machine) enterTimeWait(now instant, out []Output) []Output {
	m.timers.clear()
	if m.config.TimeWait < 0 {
		if m.recv.ackAtOnce || m.recv.ackOwed {
			out = m.sendAck(now, out)
		}
		return m.end(nil, out)
	}
	m.timers.final = now.Add(m.config.TimeWait)
	return m.setState(TimeWait, out)
}

// Supersede lets a SYN end TIME-WAIT, so that a listener can open the next
// connection between the same ports (RFC 9293, Section 3.6.1; RFC 6191). That
// takes a SYN which is provably younger than this connection: by its timestamp,
// or by a sequence number behind all others. Its listener then begins with a
// sequence number not before least, which is out of reach of what this
// connection has sent. If ok is false nothing has changed, and the segment is
// for Input. As in Linux there is no way back to TIME-WAIT, should the SYN be a
// stray one after all.
func (m *Machine) Supersede(now time.Time, s wire.Segment, out []Output) (least wire.Seq, ok bool, _ []Output) {
	if m.state != TimeWait || !Listens(&s) || !m.younger(m.begin(now), &s) {
		return 0, false, out
	}
	// Linux leaves the same distance.
	return m.send.nxt.Add(65535 + 2), true, m.end(nil, out)
}

func (m *Machine) younger(now instant, s *wire.Segment) bool {
	set, _ := s.Options.Decode()
	if m.ts.on && set.HasTimestamps && set.Timestamps.Val != m.ts.recent {
		return !m.ts.old(now, set.Timestamps.Val)
	}
	return m.recv.nxt.Less(s.Seq)
}
