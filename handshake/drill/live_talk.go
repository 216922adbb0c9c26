package drill

import (
	"iter"
	"slices"
	"time"

	"tfocraft/wire"
)

// A talk is what has to be known of a connection with a live host to end it.
type talk struct {
	flow     *flow
	begun    bool       // the script has sent something
	next     wire.Seq   // behind the last that the script has sent
	answered bool       // by more than a reset
	refused  bool       // there was nothing but resets
	acked    wire.Seq   // what the host expects next, by its last acknowledgement
	mss      int        // that the script has announced
	reset    bool       // by the script, so that the host must have heeded it
	tried    []wire.Seq // where it was reset in the end
}

// said takes what the script sends.
func (t *talk) said(s *wire.Segment) {
	if end := s.End(); !t.begun || t.next.Less(end) {
		t.begun, t.next = true, end
	}
	t.reset = s.Flags.Has(wire.RST) && t.answered && s.Seq == t.acked
	if set, _ := s.Options.Decode(); s.Flags.Has(wire.SYN) && set.HasMSS {
		t.mss = int(set.MSS)
	}
}

// heard takes what the host sends. A reset is about the segment that it answers,
// and may leave a connection as it is.
func (t *talk) heard(s *wire.Segment) {
	switch {
	case s.Flags.Has(wire.RST):
		t.refused = !t.answered
	case s.Flags.Has(wire.ACK):
		t.answered, t.refused, t.acked, t.reset = true, false, s.Ack, false
	}
}

// cut takes apart what a network card has joined: more than a segment can carry.
// Where a host has sent less than that at a time, the borders are lost.
func cut(s *wire.Segment, most int) iter.Seq[wire.Segment] {
	return func(yield func(wire.Segment) bool) {
		rest := *s
		for len(rest.Payload) > most {
			part := rest
			part.Payload = rest.Payload[:most]
			part.Flags &^= wire.FIN | wire.PSH
			rest.Payload = rest.Payload[most:]
			rest.Seq = rest.Seq.Add(most)
			rest.Flags &^= wire.CWR
			if !yield(part) {
				return
			}
		}
		yield(rest)
	}
}

// farewell is how long a host may take to say that a reset was not at the number
// that it expects.
const farewell = 50 * time.Millisecond

// leave resets what is still open, so that the host keeps nothing: not in
// TIME-WAIT either, or the next script might come to that. If patient it waits for
// a host that does not agree.
func (v *live) leave(patient bool) error {
	var doubtful []*talk
	for _, t := range v.talks {
		if !t.open() {
			continue
		}
		if err := v.end(t, t.next); err != nil {
			return err
		}
		if t.answered && t.acked != t.next {
			// What the script has sent last may not have been taken, or not be
			// acknowledged yet.
			if err := v.end(t, t.acked); err != nil {
				return err
			}
			doubtful = append(doubtful, t)
		}
	}
	if len(doubtful) == 0 || !patient {
		return nil
	}
	return v.insist(doubtful)
}

// open reports whether the host may know the connection.
func (t *talk) open() bool { return t.begun && !t.refused && !t.reset }

// insist waits for challenges. A host that gets a reset elsewhere in its window
// answers with an ACK that says what it expects (RFC 5961, Section 3.2).
func (v *live) insist(doubtful []*talk) error {
	if err := v.advance(v.elapsed() + farewell); err != nil {
		return err
	}
	for _, t := range doubtful {
		if slices.Contains(t.tried, t.acked) {
			continue
		}
		if err := v.end(t, t.acked); err != nil {
			return err
		}
	}
	return nil
}

// end sends a reset.
func (v *live) end(t *talk, seq wire.Seq) error {
	t.tried = append(t.tried, seq)
	p, f := v.player, t.flow
	seg := wire.Segment{Seq: seq, Flags: wire.RST}
	packet := wire.NewPacket(f.remote, f.local, seg)
	packet.SetLengths()
	packet.SetChecksums()
	if p.config.Trace != nil {
		text := wire.AppendText(nil, &packet.TCP, wire.TextBase{SeqBase: f.theirs.live(0, false)})
		p.config.Trace(v.elapsed(), false, &packet, string(text))
	}
	return v.remote.Network.Send(packet.Append(nil))
}
