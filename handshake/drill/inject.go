package drill

import (
	"math"
	"net/netip"
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
		f.announced(&seg)
	}
	seg.AddBase(wire.TextBase{SeqBase: f.theirs.live(0, syn), AckBase: f.ours.live(0, syn)})
	if err := p.answer(f, &seg); err != nil {
		return err
	}
	seg.Options = wire.Pad(seg.Options, 0)
	if len(seg.Options) > wire.MaxOptionsLen {
		return failf("the options have %d bytes, a header has room for %d", len(seg.Options), wire.MaxOptionsLen)
	}
	from, to := portOr(f.remote, e.SrcPort), portOr(f.local, e.DstPort)
	packet := wire.NewPacket(from, to, seg)
	if n := packetLen(&packet); n > math.MaxUint16 {
		return failf("the segment is too long: the packet would have %d bytes, and IP's length has room for %d", n, math.MaxUint16)
	}
	setIP(&packet, &e.IP)
	packet.SetLengths()
	packet.SetChecksums()
	if p.config.Trace != nil {
		p.config.Trace(p.venue.elapsed(), false, &packet, e.Text)
	}
	return p.venue.input(packet.Append(nil))
}

// answer turns the echo of a timestamp into that of what the host has sent. In a
// segment without ACK it means nothing (RFC 7323, Section 3.2), and stays.
func (p *player) answer(f *flow, seg *wire.Segment) (err error) {
	if !seg.Flags.Has(wire.ACK) {
		return nil
	}
	rewriteStamps(seg.Options, func(t wire.Timestamps) wire.Timestamps {
		live, ok := f.stamps.echo(t.Ecr, p.scaled)
		if !ok {
			err = failf("there is no packet with TS val %d before that ecr %d could be about", t.Ecr, t.Ecr)
		}
		return wire.Timestamps{Val: t.Val, Ecr: live}
	})
	return err
}

// portOr is an address with a port that one packet has instead; 0 stands for none.
func portOr(a netip.AddrPort, port uint16) netip.AddrPort {
	if port == 0 {
		return a
	}
	return netip.AddrPortFrom(a.Addr(), port)
}

// packetLen is what IP's length of a packet has to tell: IPv6 does not count its own
// header.
func packetLen(p *wire.Packet) int {
	if p.IPVersion == 6 {
		return p.TCP.WireLen()
	}
	return p.IPv4.WireLen() + p.TCP.WireLen()
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
