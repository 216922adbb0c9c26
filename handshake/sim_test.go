package handshake

import (
	"bytes"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// A sim is a client, a server with its Gate, and a path between them, all in
// virtual time. Everything follows from the seed.
type sim struct {
	rng    *rand.Rand
	now    time.Time
	events events
	path   simPath
	gate   *Gate
	ring   *cookie.Keyring
	hosts  [2]*simHost // client, server
	log    []string
	failed string
	count  int
}

// simPath is what can happen to a segment on the way.
type simPath struct {
	delay, jitter time.Duration // jitter reorders
	loss, dup     float64
	stripOption   bool // a middlebox removes the Fast Open option
	dropSynData   bool // a middlebox drops a SYN with data
}

type event struct {
	at  time.Time
	n   int // ties are settled by order of creation
	run func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].n < e[j].n
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (s *sim) after(d time.Duration, run func()) {
	s.count++
	heap.Push(&s.events, event{s.now.Add(d), s.count, run})
}

func (s *sim) fail(format string, args ...any) {
	if s.failed == "" {
		s.failed = fmt.Sprintf("%v: ", s.now.Sub(epoch)) + fmt.Sprintf(format, args...)
	}
}

var (
	simClient = netip.MustParseAddr("192.0.2.1")
	simServer = netip.MustParseAddr("192.0.2.2")
)

// step runs whatever is next: a machine's deadline or an event.
func (s *sim) step() bool {
	var due *simHost
	var at time.Time
	for _, h := range s.hosts {
		if h.m == nil {
			continue
		}
		if d := h.m.Deadline(); !d.IsZero() && (due == nil || d.Before(at)) {
			due, at = h, d
		}
	}
	if due != nil && (len(s.events) == 0 || at.Before(s.events[0].at)) {
		if at.Before(s.now) {
			s.fail("%s has a deadline in the past", due.name)
		}
		s.now = at
		out := due.m.Advance(s.now, nil)
		if len(out) == 0 && due.m.Deadline().Equal(at) {
			s.fail("%s: Advance at the deadline changed nothing", due.name)
		}
		s.take(due, out)
		s.app(due)
		return true
	}
	if len(s.events) == 0 {
		return false
	}
	e := heap.Pop(&s.events).(event)
	s.now = e.at
	e.run()
	return true
}

// take carries out what a machine asks for, and holds it to its promises.
func (s *sim) take(h *simHost, out []Output) {
	for _, o := range out {
		switch o.Kind {
		case Transmit:
			s.transmit(h, o.Segment)
		case Deliver:
			h.got = append(h.got, o.Data...)
			peer := s.peer(h)
			if len(h.got) > len(peer.stream) || !bytes.Equal(h.got, peer.stream[:len(h.got)]) {
				s.fail("%s was delivered something else than was written", h.name)
			}
			s.after(s.upTo(50*time.Millisecond), func() { s.consume(h) })
		case DeliverEOF:
			if h.eof {
				s.fail("%s was delivered two ends", h.name)
			}
			h.eof = true
			s.after(0, func() { s.app(h) })
		case ChangeState:
			s.log = append(s.log, fmt.Sprintf("%12v %s %v -> %v %v", s.now.Sub(epoch), h.name, o.From, o.To, o.Err))
			s.changed(h, o)
		case Drop:
			s.log = append(s.log, fmt.Sprintf("%12v %s drops: %v", s.now.Sub(epoch), h.name, o.Why))
		}
	}
}

func (s *sim) changed(h *simHost, o Output) {
	if h.admitted && o.To != SynReceived {
		h.admitted = false
		if o.To == Closed {
			s.gate.Gone(s.now, o.Err == ErrReset)
		} else {
			s.gate.Confirmed()
		}
	}
	if o.To == Closed {
		h.ended = true
		if !h.m.Deadline().IsZero() {
			s.fail("%s is closed and has a timer", h.name)
		}
	}
}

func (s *sim) peer(h *simHost) *simHost {
	if h == s.hosts[0] {
		return s.hosts[1]
	}
	return s.hosts[0]
}

func (s *sim) upTo(d time.Duration) time.Duration { return time.Duration(s.rng.Int64N(int64(d) + 1)) }

// transmit puts a segment on the path.
func (s *sim) transmit(h *simHost, seg wire.Segment) {
	seg.Payload, seg.Options = bytes.Clone(seg.Payload), bytes.Clone(seg.Options)
	s.check(h, &seg)
	to := s.peer(h)
	text := wire.AppendText(nil, &seg, wire.TextBase{SeqBase: h.config.ISS, AckBase: to.config.ISS})
	s.log = append(s.log, fmt.Sprintf("%12v %s > %s", s.now.Sub(epoch), h.name, text))
	p := &s.path
	syn := seg.Flags.Has(wire.SYN)
	if s.rng.Float64() < p.loss || p.dropSynData && syn && len(seg.Payload) > 0 {
		return
	}
	if p.stripOption && syn && seg.Options.FastOpen().Present {
		seg.Options = withoutFastOpen(seg.Options)
	}
	copies := 1
	if s.rng.Float64() < p.dup {
		copies = 2
	}
	for range copies {
		s.after(p.delay+s.upTo(p.jitter), func() { s.arrive(to, seg) })
	}
}

func withoutFastOpen(o wire.Options) wire.Options {
	var b wire.Options
	for opt, err := range o.All() {
		switch {
		case err != nil, opt.Kind == wire.KindFastOpen, opt.Kind == wire.KindExperiment2:
		case opt.Kind <= wire.KindNOP:
			b = append(b, byte(opt.Kind))
		default:
			b = wire.AppendOption(b, opt.Kind, opt.Data)
		}
	}
	return wire.Pad(b, 0)
}

// check holds a segment to what a sender must not do: send other bytes than
// were written, acknowledge what has not come, take back window.
func (s *sim) check(h *simHost, seg *wire.Segment) {
	if n := len(seg.Payload); n > 0 {
		at := seg.DataSeq().Diff(h.config.ISS) - 1
		if at < 0 || at+n > h.written || !bytes.Equal(seg.Payload, h.stream[at:at+n]) {
			s.fail("%s sends other bytes than were written", h.name)
		}
		if h.m.config.MSS < n {
			s.fail("%s sends more than fits", h.name)
		}
	}
	if !seg.Flags.Has(wire.ACK) || seg.Flags.Has(wire.RST) || h.m.State() == SynSent {
		return
	}
	came := h.m.recv.irs.Add(1).Add(int(h.m.recv.delivered))
	if h.m.recv.finDone {
		came = came.Add(1)
	}
	if came.Less(seg.Ack) {
		s.fail("%s acknowledges what has not come", h.name)
	}
	if seg.Flags.Has(wire.SYN) {
		return // a repeated SYN-ACK cannot say how wide the window has become since
	}
	shift := h.m.recv.shift
	edge := seg.Ack.Add(int(seg.Window) << shift)
	if h.hasEdge && edge.Add(1<<shift-1).Less(h.edge) {
		s.fail("%s takes back window: from %d to %d", h.name, h.edge.Diff(h.m.recv.irs), edge.Diff(h.m.recv.irs))
	}
	if !h.hasEdge || h.edge.Less(edge) {
		h.edge, h.hasEdge = edge, true
	}
}

// arrive is the demultiplexer of the receiving host.
func (s *sim) arrive(h *simHost, seg wire.Segment) {
	switch {
	case h.m != nil && !h.ended:
		s.take(h, h.m.Input(s.now, seg, nil))
	case h.m == nil && Listens(&seg):
		set, _ := seg.Options.Decode()
		a := s.gate.Admit(s.now, &set, simClient, simServer)
		h.m = NewServer(h.config)
		h.admitted = a.Data
		s.take(h, h.m.Accept(s.now, seg, a, nil))
		s.after(s.upTo(20*time.Millisecond), func() { s.app(h) })
		if h.aborts {
			s.after(s.upTo(3*time.Second), func() { s.abort(h) })
		}
	case !seg.Flags.Has(wire.SYN):
		if reset, ok := Refuse(&seg); ok && h.m != nil {
			s.transmit(h, reset)
		}
	}
	s.app(h)
}
