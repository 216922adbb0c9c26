package drill

import (
	"slices"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// inject sends a packet of the script to the host under test.
func (p *player) inject(e *script.Packet) error {
	if !e.HasWindow {
		return failf("a packet that is sent needs a window: win N")
	}
	if e.AnyOptions {
		return failf("a packet that is sent needs its options: <...> is for packets that are expected")
	}
	f := p.incoming()
	seg := e.Segment
	seg.Options = slices.Clone(seg.Options)
	syn := seg.Flags.Has(wire.SYN)
	if syn {
		f.ask(seg.Seq)
	}
	seg.AddBase(wire.TextBase{SeqBase: f.theirs.live(0, syn), AckBase: f.ours.live(0, syn)})
	rewriteStamps(seg.Options, func(t wire.Timestamps) wire.Timestamps {
		return wire.Timestamps{Val: t.Val, Ecr: f.stamps.echo(t.Ecr, p.scaled)}
	})
	seg.Options = wire.Pad(seg.Options, 0)
	if len(seg.Options) > wire.MaxOptionsLen {
		return failf("the options have %d bytes, a header has room for %d", len(seg.Options), wire.MaxOptionsLen)
	}
	seg.SrcPort, seg.DstPort = f.remote, f.local
	packet := wire.NewPacket(p.remotePort(f.remote), p.localPort(f.local), seg)
	setIP(&packet, &e.IP)
	packet.SetLengths()
	packet.SetChecksums()
	if p.config.Trace != nil {
		p.config.Trace(p.venue.elapsed(), false, &packet, e.Text)
	}
	return p.venue.input(packet.Append(nil))
}

// setIP fills in what the script says of the IP header.
func setIP(p *wire.Packet, info *script.IPInfo) {
	tos := info.TOS
	switch info.ECN {
	case script.ECT0, script.ECT01:
		tos |= 2
	case script.ECT1:
		tos |= 1
	case script.CE:
		tos |= 3
	}
	p.IPv4.TOS, p.IPv6.TrafficClass = tos, tos
	if info.HasTTL {
		p.IPv4.TTL, p.IPv6.HopLimit = info.TTL, info.TTL
	}
	if info.HasFlowLabel {
		p.IPv6.FlowLabel = info.FlowLabel
	}
}
