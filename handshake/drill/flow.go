package drill

import (
	"net/netip"
	"time"

	"tfocraft/wire"
)

// A flowKey is the ends of a connection as the host under test has them.
type flowKey struct{ local, remote netip.AddrPort }

// A flow is a connection as the wire shows it. It turns the numbers of the
// script, which begin where the script likes, into those on the wire.
type flow struct {
	flowKey
	ours, theirs sequence // of the host under test, and of the script
	asked        sequence // theirs from when the host answers the SYN with a SYN-ACK
	taken        bool     // the host has acknowledged the SYN of theirs
	lastSeq      wire.Seq // of the last segment that the host has sent
	fd           int      // of the socket that has it, or had before it was disconnected; -1 if none has yet
	stamps       stamps
	labels       labels
	mss          int // the least that a SYN has announced; 0 if there was none
}

// A sequence is one direction's sequence space.
type sequence struct {
	known  bool
	script wire.Seq // the number of the SYN in the script
	wire   wire.Seq // and on the wire
}

// start takes a SYN.
func (s *sequence) start(script, wire wire.Seq) { *s = sequence{true, script, wire} }

// live turns a number of the script into the one on the wire. In a SYN it is as
// the script counts, elsewhere it is relative to the SYN.
func (s *sequence) live(n wire.Seq, syn bool) wire.Seq {
	if syn {
		return n - s.script + s.wire
	}
	return n + s.wire
}

// ask takes a SYN of the script's side, whose numbers are the same on the wire. Once
// the host has taken one, another that begins elsewhere is nothing but a segment,
// unless the host takes it for the beginning of the next connection between the
// ports.
func (f *flow) ask(n wire.Seq) {
	f.asked.start(n, f.theirs.live(n, true))
	if !f.taken {
		f.theirs = f.asked
	}
}

// answered looks at what the host acknowledges.
func (f *flow) answered(s *wire.Segment) {
	switch {
	case !s.Flags.Has(wire.ACK) || s.Flags.Has(wire.RST):
	case s.Flags.Has(wire.SYN) && f.asked.known && s.Ack.In(f.asked.wire.Add(1), 1<<16):
		f.theirs, f.taken = f.asked, true
	case f.theirs.known && s.Ack.In(f.theirs.wire.Add(1), 1<<16):
		f.taken = true
	}
}

// A sentPacket is one that the host under test has sent.
type sentPacket struct {
	at   time.Duration
	flow *flow
	p    wire.Packet // owns its bytes
}

// take takes what the host sends. A SYN between ports that are new is that of a
// connect, and what the script is about from then on.
func (p *player) take(at time.Time, packet *wire.Packet) {
	key := flowKey{packet.Src(), packet.Dst()}
	f := p.flows[key]
	if f == nil {
		f = p.newFlow(key)
		if packet.TCP.Flags&(wire.SYN|wire.ACK) == wire.SYN {
			p.flow, p.listening = f, false
		}
	}
	f.lastSeq = packet.TCP.Seq
	f.answered(&packet.TCP)
	f.announced(&packet.TCP)
	if packet.TCP.Flags.Has(wire.SYN) && !f.ours.known {
		f.ours.wire = packet.TCP.Seq // the script will say what it calls that
	}
	if p.config.Trace != nil {
		p.config.Trace(at.Sub(epoch), true, packet, p.told(f, &packet.TCP))
	}
	s := sentPacket{at: at.Sub(epoch), flow: f, p: *packet}
	s.p.TCP.Options = append(wire.Options(nil), packet.TCP.Options...)
	s.p.TCP.Payload = append([]byte(nil), packet.TCP.Payload...)
	p.sent = append(p.sent, s)
}

func (p *player) newFlow(key flowKey) *flow {
	f := &flow{flowKey: key, fd: -1}
	p.flows[key] = f
	return f
}

// find notes which socket has the connection.
func (f *flow) find(p *player) {
	if fd, ok := p.host.Find(f.local, f.remote); ok {
		f.fd = fd
	}
}

// incoming returns the flow that a packet of the script belongs to which comes to
// the host.
func (p *player) incoming() *flow {
	if p.listening || p.flow == nil {
		p.listening = false
		if p.far != nil {
			p.flow = p.far.incoming()
			return p.flow
		}
		p.flow = p.newFlow(flowKey{p.localPort(p.listenPort()), p.remotePort(p.nextPort)})
		p.nextPort++
		p.subject = subject{fd: -1, child: p.flow}
	}
	return p.flow
}

// listenPort is the port that the script listens on, or one that nobody does.
func (p *player) listenPort() uint16 {
	if port := p.host.ListenPort(); port != 0 {
		return port
	}
	return p.bindPort
}

// pop returns the next packet that belongs to the flow under test. Those of
// others are not what the script is about.
func (p *player) pop() (sentPacket, bool) {
	for len(p.sent) > 0 {
		s := p.sent[0]
		p.sent = p.sent[1:]
		if s.flow == p.flow {
			return s, true
		}
	}
	return sentPacket{}, false
}

// peek reports whether pop would return something.
func (p *player) peek() bool {
	for i := range p.sent {
		if p.sent[i].flow == p.flow {
			return true
		}
	}
	return false
}

func (p *player) localPort(port uint16) netip.AddrPort  { return netip.AddrPortFrom(p.local, port) }
func (p *player) remotePort(port uint16) netip.AddrPort { return netip.AddrPortFrom(p.remote, port) }
