package handshake

import "time"

// An instant is a moment on the clock of one machine, in nanoseconds. It takes a
// third of the room of a time.Time, of which a connection has many. The zero
// instant is never.
type instant int64

// firstInstant is when a machine is first called. It is so late that "never" is
// long ago for everything that asks how long ago something was.
const firstInstant instant = 1 << 61 // 73 years

// Add and the others are the methods of time.Time.
func (t instant) Add(d time.Duration) instant { return t + instant(d) }
func (t instant) Sub(u instant) time.Duration { return time.Duration(t - u) }
func (t instant) IsZero() bool                { return t == 0 }
func (t instant) Before(u instant) bool       { return t < u }
func (t instant) After(u instant) bool        { return t > u }
func (t instant) Equal(u instant) bool        { return t == u }

// clock turns the owner's time into the machine's. It goes by the monotonic
// clock, where the owner's time has one.
func (m *Machine) clock(now time.Time) instant {
	if m.begun.IsZero() {
		m.begun = now
	}
	return firstInstant.Add(now.Sub(m.begun))
}

// time is the opposite of clock.
func (m *Machine) time(t instant) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return m.begun.Add(t.Sub(firstInstant))
}
