package drill

import "tfocraft/wire"

// pushFits compares PSH. A stack pushes the end of what was written, and never in a
// SYN. But since version 5.5 Linux also pushes the end of what it hands to the
// network card at once, and how much that is depends on the pace of the connection,
// not on TCP: a full segment may lack what the script expects. Of a live host nobody
// knows how its program writes.
func (p *player) pushFits(f *flow, want, got *wire.Segment) bool {
	expected := want.Flags.Has(wire.PSH)
	switch {
	case expected == got.Flags.Has(wire.PSH):
		return true
	case len(want.Payload) == 0 || len(got.Payload) == 0:
		return false
	}
	return p.far != nil || expected && len(got.Payload)+len(got.Options) >= f.mss
}

// mostWhole is the largest window that Linux fills with one segment; of others it takes
// half.
const mostWhole = 536

// announced takes the MSS of a SYN: a full segment has the least of both, options
// included (RFC 6691), as long as the path has it. One that says none means the default
// (RFC 9293, Section 3.7.1).
func (f *flow) announced(s *wire.Segment) {
	if !s.Flags.Has(wire.SYN) {
		return
	}
	mss := 536
	if f.local.Addr().Is6() {
		mss = 1220
	}
	set, _ := s.Options.Decode()
	if set.HasMSS {
		mss = int(set.MSS)
	}
	if !set.HasWindowScale && s.Window > 0 {
		piece := int(s.Window)
		if piece > mostWhole {
			piece /= 2
		}
		mss = min(mss, piece) // as long as the window is no larger segments are no longer
	}
	if f.mss == 0 || mss < f.mss {
		f.mss = mss
	}
}
