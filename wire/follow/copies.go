package follow

import (
	"time"

	"tfocraft/wire"
)

// copyWindow separates a copy that the path has made from a retransmission
// that looks the same: no stack retransmits the same bytes sooner than this,
// but for fast retransmission, where timestamps or the IPv4 identification
// differ.
const copyWindow = 100 * time.Millisecond

// fingerprint is what a copy has in common with its original. Equal sequence
// numbers and lengths stand for equal data.
type fingerprint struct {
	seq, ack       wire.Seq
	length         int
	flags          wire.Flags
	id             uint16 // of IPv4
	window, urgent uint16
	options        [wire.MaxOptionsLen]byte
}

// copies remembers the last segments of a side.
type copies struct {
	last [4]struct {
		at time.Time
		fingerprint
	}
	count int
}

func fingerprintOf(p *wire.Packet) fingerprint {
	s := &p.TCP
	f := fingerprint{
		seq: s.Seq, ack: s.Ack, length: len(s.Payload), flags: s.Flags, window: s.Window, urgent: s.Urgent,
	}
	copy(f.options[:], s.Options)
	if p.IPVersion == 4 {
		f.id = p.IPv4.ID
	}
	return f
}

// has reports whether the packet is a copy of one that was seen just before.
func (c *copies) has(at time.Time, p *wire.Packet) bool {
	want := fingerprintOf(p)
	for _, l := range c.last[:min(c.count, len(c.last))] {
		if d := at.Sub(l.at); l.fingerprint == want && d >= 0 && d < copyWindow {
			return true
		}
	}
	return false
}

// seen is has, and remembers the packet.
func (c *copies) seen(at time.Time, p *wire.Packet) bool {
	if c.has(at, p) {
		return true
	}
	l := &c.last[c.count%len(c.last)]
	l.at, l.fingerprint = at, fingerprintOf(p)
	c.count++
	return false
}
