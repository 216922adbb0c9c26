package drill

import (
	"net/netip"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/drill/expr"
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// Config says how scripts are played. The zero value is packetdrill's way for
// IPv4.
type Config struct {
	IPv6    bool
	Profile handshake.Profile // of the endpoint
	// Tolerance is how early or late an event may be, whatever the script says; 0
	// leaves it to the script.
	Tolerance time.Duration
	// Command runs a command of a script that is not interpreted here, which is all but
	// settings, counters and the like. Nil leaves it out: see Result.Ignored.
	Command func(command string) error
	// Trace is shown every packet in the order of time, and its text form with the
	// numbers of the script. The packet is valid during the call only. Nil shows
	// nobody.
	Trace func(at time.Duration, outgoing bool, p *wire.Packet, text string)
}

// What packetdrill takes for on time: what is early or late by no more than this,
// or by this part of the time since the event before.
const (
	defaultTolerance = 4 * time.Millisecond
	defaultPercent   = 12.5
)

// What connect goes to and bind takes first where a script leaves the address open,
// and the first port that a connection comes from.
const (
	defaultPort = 8080
	remotePort  = 40000
)

// epoch is when every script begins.
var epoch = time.Unix(1_000_000_000, 0)

// A player plays one script.
type player struct {
	config    Config
	result    *Result
	venue     venue
	far       *live        // the venue again if the host under test is a live one
	host      *socket.Host // under test, in virtual time
	local     netip.Addr
	remote    netip.Addr
	tolerance time.Duration
	percent   float64       // --tolerance_percent
	tick      time.Duration // of timestamps, if they are checked
	scaled    bool          // --tcp_ts_ecr_scaled
	whole     bool          // --strict_segments: none is taken apart or put together

	base    time.Duration // when the event before was, in the script's time
	started bool          // the first event that has a time was reached
	unknown int           // settings that were passed over, counted each time

	sent      []sentPacket // by the host, and not expected yet
	flows     map[flowKey]*flow
	flow      *flow  // under test: what packets of the script belong to
	listening bool   // the next packet that comes makes a new connection
	nextPort  uint16 // of the script's side, for the next connection to the host
	bindPort  uint16 // of the host, for the first bind that leaves it open
	nextBind  uint16 // and for the next one
	bindFixed bool   // all binds take the same
	toPort    uint16 // that connect goes to where the script leaves it open

	subject  subject
	fds      map[int]int  // of the script -> of the host
	call     *pendingCall // that blocks; nil if there is none
	env      expr.Env
	baseline endpoint.Counters // of nstat
}

// Run plays a script.
func Run(s *script.Script, c Config) *Result {
	r := &Result{Script: s.Name, Verdict: Pass}
	p, err := newPlayer(s, c, r)
	if err == nil {
		defer p.host.Close()
		err = p.play(s)
	}
	r.end(err)
	return r
}

func newPlayer(s *script.Script, c Config, r *Result) (*player, error) {
	p := &player{
		config: c, result: r, tolerance: defaultTolerance, percent: defaultPercent,
		local: netip.MustParseAddr("192.168.0.1"), remote: netip.MustParseAddr("192.0.2.1"),
		flows: make(map[flowKey]*flow), nextPort: remotePort, bindPort: defaultPort, nextBind: defaultPort, toPort: defaultPort, subject: subject{fd: -1}, fds: make(map[int]int),
	}
	mtu := 1500
	p.config.IPv6 = wantsIPv6(s, c.IPv6)
	if p.config.IPv6 {
		// As much longer as the header, so that segments have the same size.
		p.local, p.remote, mtu = netip.MustParseAddr("fd3d:a0b:17d6::1"), netip.MustParseAddr("fd3d:fa7b:d17d::1"), 1520
	}
	for i := range s.Options {
		if err := p.option(&s.Options[i], &mtu); err != nil {
			r.Pos = s.Options[i].Pos
			return nil, err
		}
	}
	p.insist()
	var err error
	p.host, err = socket.NewHost(socket.Config{Now: epoch, Local: p.local, MTU: mtu, Profile: c.Profile, Send: p.take})
	p.venue = &virtual{player: p, host: p.host, now: epoch}
	return p, err
}

// play plays the events one after the other.
func (p *player) play(s *script.Script) error {
	for i := range s.Events {
		e := &s.Events[i]
		p.result.Pos = e.Pos
		if err := p.event(e); err != nil {
			return err
		}
		p.result.Events++
	}
	return p.finishCall()
}

func (p *player) event(e *script.Event) error {
	p.started = p.started || e.Time.Kind != script.Immediately
	w := p.window(&e.Time)
	defer func() { p.base = w.reached(p) }()
	switch {
	case e.Unsupported != nil:
		return unsupportedf("%s is not supported", e.Unsupported.What)
	case p.far != nil && isProgram(e):
		w.actual = false
		p.far.leaveOut(e)
		return nil
	case p.far != nil && e.Packet != nil && e.Packet.Direction == script.Out:
		return p.far.expect(e.Packet, &w)
	case e.Packet != nil && e.Packet.Direction == script.Out:
		return p.expect(e.Packet, &w)
	case e.ICMP != nil && e.ICMP.Direction == script.Out:
		return unsupportedf("an ICMP message that the host under test sends is not supported: it is TCP alone")
	}
	if e.Call != nil {
		if err := p.finishCall(); err != nil {
			return err
		}
	}
	if err := p.venue.advance(w.from); err != nil {
		return err
	}
	if late := p.venue.elapsed() - w.to; late > p.slack(w.from) && !p.forgives(&e.Time) {
		return failf("the event should be at %s and comes at %s: what was before it took too long", seconds(w.to), seconds(p.venue.elapsed()))
	}
	switch {
	case e.Packet != nil:
		w.actual = w.actual || p.far != nil
		return p.inject(e.Packet)
	case e.ICMP != nil:
		return p.injectICMP(e.ICMP)
	case e.Call != nil:
		return p.start(e, &w)
	case e.Command != nil:
		return p.command(e.Command.Text)
	}
	return p.code(e.Code)
}
