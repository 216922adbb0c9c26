package follow

import "tfocraft/wire"

// maxShift is the largest shift that counts (RFC 7323, Section 2.3).
const maxShift = 14

// options are what a side has announced with its SYN.
type options struct {
	mss      int
	shift    int
	hasShift bool
	sack, ts bool
	tsVal    uint32
}

// announce takes note of the options and the window of a segment that was not ignored.
func (c *conn) announce(st *step) {
	self := &c.sides[st.from]
	set := &st.options
	if st.seg.Flags.Has(wire.SYN) {
		self.options = options{
			mss: int(set.MSS), shift: min(int(set.WindowScale), maxShift), hasShift: set.HasWindowScale, sack: set.SACKPermitted,
			tsVal: self.options.tsVal,
		}
	}
	if set.HasTimestamps {
		value := set.Timestamps.Val
		if !self.options.ts || int32(value-self.options.tsVal) > 0 {
			self.options.tsVal = value
		}
		self.options.ts = true
	}
	if st.stale {
		return
	}
	self.offered = int(st.seg.Window)
	// The window of a SYN is never scaled (RFC 7323, Section 2.2).
	if shift := c.scale(st.from); shift > 0 && !st.seg.Flags.Has(wire.SYN) {
		self.offered <<= shift
	}
}

// scale returns the shift of a side's windows, -1 if there is none. Both sides must have announced one (RFC 7323,
// Section 2.2).
func (c *conn) scale(e end) int {
	self, other := &c.sides[e], &c.sides[e.other()]
	if !self.options.hasShift || !other.options.hasShift {
		return -1
	}
	return self.options.shift
}

// endpoint returns an end as it is by now.
func (c *conn) endpoint(e end) Endpoint {
	self, addr := &c.sides[e], c.info.Client
	if e == server {
		addr = c.info.Server
	}
	return Endpoint{
		Addr:   addr,
		HasISS: self.synSeen,
		ISS:    self.base,
		Next:   self.next,
		Acked:  self.acked,
		Window: self.offered,
		Scale:  c.scale(e),
		MSS:    self.options.mss,
		SACK:   self.options.sack,
		TS:     self.options.ts,
		TSVal:  self.options.tsVal,
		State:  self.state,
	}
}
