package handshake

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// A sim is a client, a server with its Gate, and a path between them, all in
// virtual time. Everything follows from the seed, so a seed that fails fails
// again, with its segments written down.
type sim struct {
	rng      *rand.Rand
	marks    *rand.Rand // for ECN alone
	now      time.Time
	events   simEvents
	path     simPath
	gate     *Gate
	ring     *cookie.Keyring
	hosts    [2]*simHost // client, server
	ipv6     bool
	twoOpens bool // both sides open at once

	steps, segments, strays int // strays are the attacker's
	progress                time.Time
	free                    []*simSegment
	seen                    simTally

	logging bool
	log     []string
	failed  string
}

// A simSegment is a segment on its way. Its options are its own, its payload is
// a piece of what the application writes.
type simSegment struct {
	wire.Segment
	ecn     wire.ECN
	options [wire.MaxOptionsLen]byte
}

// segment returns a copy of seg that lives until it is released.
func (s *sim) segment(seg *wire.Segment, e wire.ECN) *simSegment {
	var c *simSegment
	if n := len(s.free); n > 0 {
		c, s.free = s.free[n-1], s.free[:n-1]
	} else {
		c = new(simSegment)
	}
	c.Segment, c.ecn = *seg, e
	c.Options = append(c.options[:0], seg.Options...)
	return c
}

func (s *sim) release(c *simSegment) { s.free = append(s.free, c) }

// A simEvent is the arrival of a segment at a host, or something else to do.
type simEvent struct {
	at   time.Time
	n    int // ties are settled by order of creation
	host *simHost
	seg  *simSegment
	run  func(*sim, *simHost)
}

func (e *simEvent) before(f *simEvent) bool {
	if c := e.at.Compare(f.at); c != 0 {
		return c < 0
	}
	return e.n < f.n
}

// simEvents is a heap: the first event is the next one.
type simEvents struct {
	heap  []simEvent
	count int
}

func (q *simEvents) push(e simEvent) {
	q.count++
	e.n = q.count
	i := len(q.heap)
	q.heap = append(q.heap, e)
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = e
}

func (q *simEvents) pop() simEvent {
	first := q.heap[0]
	n := len(q.heap) - 1
	last := q.heap[n]
	q.heap[n] = simEvent{}
	q.heap = q.heap[:n]
	for i := 0; n > 0; {
		down := 2*i + 1
		if down+1 < n && q.heap[down+1].before(&q.heap[down]) {
			down++
		}
		if down >= n || !q.heap[down].before(&last) {
			q.heap[i] = last
			break
		}
		q.heap[i] = q.heap[down]
		i = down
	}
	return first
}

// after has run done with h once d has passed.
func (s *sim) after(d time.Duration, h *simHost, run func(*sim, *simHost)) {
	s.events.push(simEvent{at: s.now.Add(d), host: h, run: run})
}

func (s *sim) fail(format string, args ...any) {
	if s.failed == "" {
		s.failed = fmt.Sprintf("%v: ", s.now.Sub(epoch)) + fmt.Sprintf(format, args...)
	}
}

func (s *sim) logf(format string, args ...any) {
	if s.logging {
		s.log = append(s.log, fmt.Sprintf("%13v ", s.now.Sub(epoch))+fmt.Sprintf(format, args...))
	}
}

// logSegment writes down a segment and what becomes of it on the way.
func (s *sim) logSegment(from string, seg *wire.Segment, base wire.TextBase, fate string) {
	if !s.logging {
		return
	}
	if fate != "" {
		fate = "  (" + fate + ")"
	}
	s.logf("%s > %s%s", from, wire.AppendText(nil, seg, base), fate)
}

var (
	simClient  = netip.MustParseAddr("192.0.2.1")
	simServer  = netip.MustParseAddr("192.0.2.2")
	simClient6 = netip.MustParseAddr("2001:db8::1")
	simServer6 = netip.MustParseAddr("2001:db8::2")
)

// addrs returns the client's and the server's address.
func (s *sim) addrs() (client, server netip.Addr) {
	if s.ipv6 {
		return simClient6, simServer6
	}
	return simClient, simServer
}

func (s *sim) peer(h *simHost) *simHost {
	if h == s.hosts[0] {
		return s.hosts[1]
	}
	return s.hosts[0]
}

func (s *sim) upTo(d time.Duration) time.Duration { return time.Duration(s.rng.Int64N(int64(d) + 1)) }

// oneIn is true once in n times.
func (s *sim) oneIn(n int) bool { return s.rng.IntN(n) == 0 }

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// step runs whatever is next: a machine's deadline or an event. It reports
// false if nothing is.
func (s *sim) step() bool {
	s.steps++
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
	switch {
	case due != nil && (len(s.events.heap) == 0 || at.Before(s.events.heap[0].at)):
		s.advance(due, at)
	case len(s.events.heap) > 0:
		e := s.events.pop()
		s.now = e.at
		if e.seg == nil {
			e.run(s, e.host)
			break
		}
		s.arrive(e.host, e.seg)
		s.release(e.seg)
	default:
		return false
	}
	s.checkPace()
	return true
}

// advance lets a machine do what is due.
func (s *sim) advance(h *simHost, at time.Time) {
	if at.Before(s.now) {
		s.fail("%s has a deadline in the past", h.name)
	}
	s.now = at
	s.take(h, h.m.Advance(s.now, h.out[:0]))
	if d := h.m.Deadline(); len(h.out) == 0 && !d.IsZero() && !d.After(at) {
		s.fail("%s: Advance at the deadline changed nothing", h.name)
	}
	s.app(h)
}

// take carries out what a machine asks for, and holds it to its promises.
func (s *sim) take(h *simHost, out []Output) {
	h.out = out
	for i := range out {
		o := &out[i]
		switch o.Kind {
		case Transmit:
			for piece := range cut(o) {
				again := h.again
				s.check(h, &piece.Segment)
				s.checkECN(h, &piece, h.again > again)
				s.transmit(h, &piece.Segment, o.ECT)
			}
		case Deliver:
			s.progress = s.now
			s.delivered(h, o.Data)
		case DeliverEOF:
			s.deliveredEOF(h)
		case ChangeState:
			s.progress = s.now
			s.logf("%s: %v -> %v %v", h.name, o.From, o.To, o.Err)
			s.changed(h, o)
		case Drop:
			s.seen.drops[o.Why]++
			s.logf("%s drops: %v", h.name, o.Why)
		}
	}
	s.checkMemory(h)
	s.checkChallenges(h)
	s.pushLater(h)
}

func (s *sim) changed(h *simHost, o *Output) {
	if h.admitted && o.To != SynReceived {
		h.admitted = false
		if o.To == Closed {
			s.gate.Gone(s.now, o.Err == ErrReset)
		} else {
			s.gate.Confirmed()
		}
	}
	s.seen.states[o.To]++
	if o.To == Closed {
		h.ended = true
		s.seen.ends[errorName(o.Err)]++
		if !h.m.Deadline().IsZero() {
			s.fail("%s is closed and has a timer", h.name)
		}
	}
}

// arrive is the demultiplexer of the receiving host.
func (s *sim) arrive(h *simHost, seg *simSegment) {
	switch {
	case h.m != nil && !h.ended:
		h.hears(s.peer(h), &seg.Segment)
		h.m.Mark(seg.ecn)
		s.input(h, &seg.Segment)
		h.believes(&seg.Segment)
	case h.m == nil && Listens(&seg.Segment):
		s.accept(h, &seg.Segment)
	case !Listens(&seg.Segment):
		if reset, ok := Refuse(&seg.Segment); ok {
			s.transmit(h, &reset, false)
		}
	}
	s.app(h)
}

// accept is what a listener does with a SYN.
func (s *sim) accept(h *simHost, syn *wire.Segment) {
	set, _ := syn.Options.Decode()
	client, server := s.addrs()
	a := s.gate.Admit(s.now, &set, len(syn.Payload), client, server)
	h.m = NewServer(h.config)
	h.admitted = a.Data
	h.hears(s.peer(h), syn)
	s.take(h, h.m.Accept(s.now, *syn, a, h.out[:0]))
	h.m.Accepted()
	s.after(s.upTo(20*time.Millisecond), h, (*sim).app)
	s.planEnd(h)
}
