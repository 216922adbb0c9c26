package drill

import (
	"slices"
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// patience bounds the wait for something that may come whenever it likes.
const patience = time.Hour

func (p *player) patience() time.Duration {
	if p.far != nil {
		return livePatience
	}
	return patience
}

// expect waits for a packet from the host under test and compares it.
func (p *player) expect(e *script.Packet, w *window) error {
	limit := w.to + p.slack(w.to)
	if w.any {
		limit = p.venue.elapsed() + p.patience()
	}
	if err := p.venue.await(limit, p.peek); err != nil {
		return err
	}
	got, ok := p.pop()
	if !ok {
		return &failure{verdict: Fail, message: "the packet has not come", detail: []string{
			"expected " + p.when(w) + " > " + e.Text,
			"got      nothing until " + seconds(limit),
		}}
	}
	f := got.flow
	seg := p.live(f, e, &got.p.TCP)
	p.gather(&got, seg)
	if diff := p.compare(e, seg, &got, w); diff != "" {
		return p.mismatch(e, &got, w, diff)
	}
	// What follows counts from when it has come.
	w.from, w.actual = got.at, false
	return nil
}

// live returns the expected segment with the numbers that it has on the wire. The
// first SYN of a side says where its numbers begin.
func (p *player) live(f *flow, e *script.Packet, got *wire.Segment) *wire.Segment {
	seg := e.Segment
	seg.Options = slices.Clone(seg.Options)
	syn := seg.Flags.Has(wire.SYN)
	if syn && got.Flags.Has(wire.SYN) && (!f.ours.known || got.Seq != f.ours.wire) {
		f.ours.start(seg.Seq, got.Seq)
	}
	seg.AddBase(wire.TextBase{SeqBase: f.ours.live(0, syn), AckBase: f.theirs.live(0, syn)})
	return &seg
}

// gather joins what the host has sent in several segments where the script
// expects one of the size of all: a kernel hands such to its network card, which
// cuts them.
func (p *player) gather(got *sentPacket, want *wire.Segment) {
	s := &got.p.TCP
	for !p.whole && len(s.Payload) > 0 && len(s.Payload) < len(want.Payload) && s.Seq == want.Seq {
		i := slices.IndexFunc(p.sent, func(n sentPacket) bool { return n.flow == got.flow })
		if i < 0 {
			return
		}
		next := &p.sent[i].p.TCP
		if next.Seq != s.Seq.Add(len(s.Payload)) || len(s.Payload)+len(next.Payload) > len(want.Payload) || len(next.Payload) == 0 {
			return
		}
		s.Payload = append(s.Payload, next.Payload...)
		s.Flags |= next.Flags & (wire.PSH | wire.FIN)
		p.sent = slices.Delete(p.sent, i, i+1)
	}
}

// compare returns what differs, or nothing.
func (p *player) compare(e *script.Packet, want *wire.Segment, got *sentPacket, w *window) string {
	s := &got.p.TCP
	switch {
	case want.Flags|wire.PSH != s.Flags|wire.PSH || !p.pushFits(got.flow, want, s):
		return "flags"
	case want.Seq != s.Seq:
		return "seq"
	case len(want.Payload) != len(s.Payload):
		return "length"
	case want.Ack != s.Ack && want.Flags.Has(wire.ACK):
		return "ack"
	case e.HasWindow && want.Window != s.Window:
		return "win"
	case want.Urgent != s.Urgent:
		return "urg"
	case !e.AnyOptions && !p.sameOptions(got.flow, want.Options, s.Options):
		return "options"
	case e.SrcPort != 0 && e.SrcPort != s.SrcPort, e.DstPort != 0 && e.DstPort != s.DstPort:
		return "ports"
	}
	if diff := compareIP(&e.IP, &got.p); diff != "" {
		return diff
	}
	if p.config.IPv6 && !got.flow.labels.fits(e.IP.FlowLabel, got.p.IPv6.FlowLabel) {
		return "flowlabel"
	}
	return p.compareTime(w, got.at)
}

func (p *player) compareTime(w *window, at time.Duration) string {
	if !w.any && (at < w.from-p.slack(w.from) || at > w.to+p.slack(w.to)) {
		return "time"
	}
	return ""
}

// sameOptions compares the options byte by byte, but for the value of Timestamps.
func (p *player) sameOptions(f *flow, want, got wire.Options) bool {
	var live wire.Timestamps
	has := false
	rewriteStamps(got, func(t wire.Timestamps) wire.Timestamps { live, has = t, true; return t })
	fits := true
	if has {
		rewriteStamps(want, func(t wire.Timestamps) wire.Timestamps {
			fits = f.stamps.sent(t.Val, live.Val, p.tick, p.tolerance)
			return wire.Timestamps{Val: live.Val, Ecr: t.Ecr}
		})
	}
	return fits && slices.Equal(want, got)
}

// compareIP compares what the script says of the IP header.
func compareIP(want *script.IPInfo, p *wire.Packet) string {
	tos, ttl := p.IPv4.TOS, p.IPv4.TTL
	if p.IPVersion == 6 {
		tos, ttl = p.IPv6.TrafficClass, p.IPv6.HopLimit
	}
	switch {
	case !ecnFits(want.ECN, tos&3):
		return "ecn"
	case want.HasTOS && want.TOS != tos:
		return "tos"
	case want.HasTTL && want.TTL != ttl:
		return "ttl"
	}
	return ""
}

// ecnFits compares the codepoints of RFC 3168, Section 5.
func ecnFits(want script.ECN, got uint8) bool {
	switch want {
	case script.NoECN:
		return got == 0
	case script.ECT0:
		return got == 2
	case script.ECT1:
		return got == 1
	case script.ECT01:
		return got == 1 || got == 2
	case script.CE:
		return got == 3
	}
	return true
}
