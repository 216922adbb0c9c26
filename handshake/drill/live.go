package drill

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// A Network is what lies between a script and a live host. Times are since
// whenever it likes.
type Network interface {
	// Elapsed is the time now.
	Elapsed() time.Duration
	// Send sends an IP packet to the host.
	Send(ip []byte) error
	// Receive waits until the host has sent something, or until a time, and shows
	// each IP packet to take with the time when it came. What take gets is valid
	// during the call only. It is no error that nothing came. If the time has passed
	// already it shows what is there.
	Receive(until time.Duration, take func(at time.Duration, ip []byte)) error
}

// A Remote is a live host.
type Remote struct {
	Host  netip.AddrPort // which is tested
	Local netip.Addr     // where the packets of the script come from
	// Ports are those at Local that the connections of the script come from, one
	// for each: see [Connections].
	Ports []uint16
	// MTU is that of the path, in bytes; 0 means 1500. What the host has sent in
	// segments and the network card has joined is cut by it.
	MTU     int
	Network Network
}

// liveTolerance is the default for live hosts: their clocks tick, and others want
// to be served, too.
const liveTolerance = 50 * time.Millisecond

// livePatience bounds the wait for something that may come whenever it likes.
const livePatience = time.Minute

// RunRemote plays the network's side of a script against a live host, in real
// time. What the program of the script does, and its commands and assertions,
// are the host's business and left out.
//
// Times of the script that are relative to a packet count from when that has
// really come or gone, so that delays do not add up. What is sent later than that
// says was held up on this host, which is no verdict on the other; a time since
// the beginning that cannot be kept is one. Whatever the verdict,
// connections that are still open are reset at the end.
func RunRemote(s *script.Script, c Config, to Remote) *Result {
	r := &Result{Script: s.Name, Verdict: Pass}
	p, err := newRemotePlayer(s, c, r, to)
	if err == nil {
		err = p.play(s)
		_, failed := errors.AsType[*failure](err)
		if e := p.far.leave(err == nil || failed); err == nil {
			err = e
		}
	}
	r.end(err)
	return r
}

// Connections returns how many connections the script makes to the host under
// test, one after the other.
func Connections(s *script.Script) int {
	n, next := 0, true
	for i := range s.Events {
		switch e := &s.Events[i]; {
		case listens(e):
			next = true
		case e.Packet != nil && e.Packet.Direction == script.In && next:
			n, next = n+1, false
		}
	}
	return n
}

// listens reports whether the next packet of the script is that of a new
// connection.
func listens(e *script.Event) bool { return e.Call != nil && e.Call.Name == "listen" }

func newRemotePlayer(s *script.Script, c Config, r *Result, to Remote) (*player, error) {
	p := &player{
		config: c, result: r, tolerance: liveTolerance, local: to.Host.Addr(), remote: to.Local, flows: make(map[flowKey]*flow),
	}
	p.config.IPv6 = p.local.Is6()
	p.far = &live{player: p, remote: to, start: to.Network.Elapsed()}
	p.venue = p.far
	if err := p.playable(s); err != nil {
		return nil, err
	}
	for i := range s.Options {
		if err := p.liveOption(&s.Options[i]); err != nil {
			r.Pos = s.Options[i].Pos
			return nil, err
		}
	}
	p.insist()
	if n := leftOut(s); n > 0 {
		p.note(count(n, "event") + " left out: what programs do and look at is the live host's business")
	}
	return p, nil
}

// playable finds what cannot be played, before anything is sent.
func (p *player) playable(s *script.Script) error {
	if wantsIPv6(s, p.config.IPv6) != p.config.IPv6 {
		return unsupportedf("the script is for the other IP version than that of %s", p.local)
	}
	if n := Connections(s); n > len(p.far.remote.Ports) {
		return failf("the script needs %s at this end, and there are %d", count(n, "port"), len(p.far.remote.Ports))
	}
	for i := range s.Events {
		e := &s.Events[i]
		p.result.Pos = e.Pos
		switch {
		case e.Packet == nil:
		case e.Packet.Direction == script.Out && e.Packet.Segment.Flags&(wire.SYN|wire.ACK) == wire.SYN:
			return unsupportedf("the host under test has to connect here, and nobody makes a live host do that")
		case e.Packet.Direction == script.In && (e.Packet.SrcPort != 0 || e.Packet.DstPort != 0):
			return unsupportedf("a packet between other ports than those of the connection is not sent to a live host")
		}
	}
	return nil
}

// liveOption takes an option of the script. Those about addresses and the path
// are what they are.
func (p *player) liveOption(o *script.Option) error {
	if slices.Contains([]string{"mtu", "local_ip", "remote_ip", "bind_port", "connect_port"}, o.Name) {
		p.note("option --" + o.Name + " makes no difference against a live host")
		return nil
	}
	return p.option(o, new(int))
}

// leftOut counts what [RunRemote] does not play.
func leftOut(s *script.Script) (n int) {
	for i := range s.Events {
		if isProgram(&s.Events[i]) {
			n++
		}
	}
	return n
}

// isProgram reports whether an event is one of the host under test itself.
func isProgram(e *script.Event) bool { return e.Call != nil || e.Command != nil || e.Code != nil }

// A live is the venue of a live host.
type live struct {
	player *player
	remote Remote
	start  time.Duration // of the script, by the network's time
	talks  []*talk
	icmp   string // what came by it last; or nothing
	acted  string // the call that was left out and might have made the host send, since the script last sent; or nothing
}

func (v *live) elapsed() time.Duration { return v.remote.Network.Elapsed() - v.start }

func (v *live) advance(to time.Duration) error {
	for v.elapsed() < to {
		if err := v.receive(to); err != nil {
			return err
		}
	}
	return nil
}

func (v *live) await(until time.Duration, ready func() bool) error {
	for !ready() {
		// What has come in time may be found late.
		last := v.elapsed() >= until
		if err := v.receive(until); err != nil || last {
			return err
		}
	}
	return nil
}

func (v *live) receive(until time.Duration) error {
	return v.remote.Network.Receive(v.start+until, v.take)
}

// take takes what has come. Only what belongs to connections of the script does.
func (v *live) take(at time.Duration, ip []byte) {
	packet, err := wire.ParsePacket(ip)
	if err != nil {
		v.takeICMP(ip)
		return
	}
	f := v.player.flows[flowKey{packet.Src(), packet.Dst()}]
	if f == nil {
		return
	}
	at = max(min(at-v.start, v.elapsed()), 0)
	t := v.talk(f)
	t.heard(&packet.TCP)
	for s := range cut(&packet.TCP, max(min(v.mss(), t.mss)-len(packet.TCP.Options), 1)) {
		part := packet
		part.TCP = s
		v.player.take(epoch.Add(at), &part)
	}
}

// takeICMP keeps what an ICMP error says of the script's segments.
func (v *live) takeICMP(ip []byte) {
	if e, err := wire.ParseICMPError(ip); err == nil && e.Dst == v.remote.Host {
		v.icmp = fmt.Sprintf("%s says by ICMP, type %d code %d, that packets do not get there", e.From, e.Type, e.Code)
	}
}

// mss is the most that a segment of the host can carry by the path's MTU, options
// included: those take their room from it (RFC 6691).
func (v *live) mss() int {
	mtu, headers := v.remote.MTU, wire.IPv4Len+wire.HeaderLen
	if mtu == 0 {
		mtu = 1500
	}
	if v.player.config.IPv6 {
		headers = wire.IPv6Len + wire.HeaderLen
	}
	return mtu - headers
}

func (v *live) input(ip []byte) error {
	v.acted = ""
	if packet, err := wire.ParsePacket(ip); err == nil {
		v.talk(v.player.flow).said(&packet.TCP)
	}
	return v.remote.Network.Send(ip)
}

// incoming begins the next connection of the script.
func (v *live) incoming() *flow {
	f := v.player.newFlow(flowKey{v.remote.Host, v.player.remotePort(v.remote.Ports[len(v.talks)])})
	// The MSS of a SYN that says none (RFC 9293, Section 3.7.1).
	t := &talk{flow: f, mss: 536}
	if v.player.config.IPv6 {
		t.mss = 1220
	}
	v.talks = append(v.talks, t)
	return f
}

// heard reports whether the host has sent anything.
func (v *live) heard() bool {
	return slices.ContainsFunc(v.talks, func(t *talk) bool { return t.answered || t.refused })
}

// talk returns what is known of a connection.
func (v *live) talk(f *flow) *talk {
	return v.talks[slices.IndexFunc(v.talks, func(t *talk) bool { return t.flow == f })]
}
