package load

import (
	"math"
	"net/netip"
	"time"

	"tfocraft/wire"
)

// An Output takes the frames that an engine sends.
type Output interface {
	// Buffer returns where to write the next frame: as much room as the longest one
	// takes.
	Buffer() []byte
	// Send sends a frame that was written to the beginning of the last Buffer.
	Send(frame []byte)
}

const (
	// levels is how often a timeout doubles.
	levels = 6
	// window is how many segments of data are in flight at most (RFC 6928).
	window = 10
	// maxReplies bounds what is answered to segments of no exchange, between two Settle.
	maxReplies = 1024
)

// An Engine is the clients of one run, or a share of them. One goroutine owns it.
type Engine struct {
	config   Config
	schedule schedule
	walk     walk
	frames   frames
	count    uint64        // of this share; math.MaxUint64 for no bound
	begun    uint64        // exchanges
	last     time.Duration // when something was completed last
	stopped  bool          // no more exchanges begin
	stopTime time.Duration
	stopDone uint64 // what was completed by then
	silent   uint64 // timeouts since the server was last heard
	heard    uint64 // answers by then
	gaveUp   bool   // stopped since the server is silent

	exchanges []exchange
	free      []int32
	table     map[uint64]int32
	rto       [levels]*timers
	limit     *timers
	noted     []int32
	replies   []reply

	counters  Counters
	latency   Latency // to the end of the response
	firstByte Latency
	scratch   [wire.MaxOptionsLen]byte
}

// New returns the engine that a Config describes; it fails as [Config.Check] does.
func New(c Config) (*Engine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c.setDefaults()
	e := &Engine{config: c, latency: NewLatency(), firstByte: NewLatency()}
	shares := c.Shares
	e.schedule = schedule{rate: c.Rate / float64(shares), ramp: c.Ramp}
	e.config.Concurrency = share(c.Concurrency, c.Share, shares)
	e.count = math.MaxUint64
	if c.Count > 0 {
		e.count = uint64(share(int(c.Count), c.Share, shares))
	}
	some := usable(&c)
	n := c.Clients.Len()
	if some != nil {
		n = len(some)
	}
	e.walk = newWalk(n, some, c.Ports.Share(c.Share, shares), c.Seed, c.Share, shares)
	pairs := int(e.walk.n) * e.walk.ports.Len()
	e.config.Concurrency = min(e.config.Concurrency, pairs)
	e.frames.init(&e.config)
	if !c.blind() {
		e.openTable()
	}
	return e, nil
}

// usable returns the clients that have a cookie, if not all of them do.
func usable(c *Config) []uint32 {
	jar, ok := c.Cookies.(*Jar)
	if !ok || jar.n == 0 || jar.n == c.Clients.Len() {
		return nil
	}
	var some []uint32
	for i, n := range jar.lengths {
		if n > 0 {
			some = append(some, uint32(i))
		}
	}
	return some
}

// share returns part i of n parts of a number that are almost the same.
func share(all, i, n int) int { return all*(i+1)/n - all*i/n }

func (e *Engine) openTable() {
	n := e.config.Concurrency
	e.exchanges = make([]exchange, n)
	e.free = make([]int32, n)
	for i := range e.free {
		e.free[i] = int32(n - 1 - i)
	}
	e.table = make(map[uint64]int32, n)
	e.noted = make([]int32, 0, n)
	e.replies = make([]reply, 0, maxReplies)
	for level := range e.rto {
		e.rto[level] = newTimers(func(i int32) *node { return &e.exchanges[i].rto })
	}
	e.limit = newTimers(func(i int32) *node { return &e.exchanges[i].limit })
}

// Ports returns the ports that the engine's exchanges come from.
func (e *Engine) Ports() Ports { return e.walk.ports }

// Counters returns what was counted so far.
func (e *Engine) Counters() Counters { return e.counters }

// InFlight returns how many exchanges have begun and not ended.
func (e *Engine) InFlight() int { return len(e.exchanges) - len(e.free) }

// TakeLatency moves the latencies, to the first byte of the response and to its end,
// to two that the caller has.
func (e *Engine) TakeLatency(firstByte, whole Latency) {
	firstByte.Take(e.firstByte)
	whole.Take(e.latency)
}

// Rate returns what was completed, in mode Syn sent, and in what time: up to the end
// of the time in which exchanges begin, or, if a count ended it, up to the last one that was
// completed. With a rate the last one takes its share of the time also then.
func (e *Engine) Rate(now time.Duration) (n uint64, in time.Duration) {
	byTime := e.stopped && e.begun < e.count
	switch {
	case e.config.blind() && byTime:
		return e.begun, e.stopTime
	case e.config.blind() && e.stopped:
		return e.begun, max(e.stopTime, e.planEnd())
	case e.config.blind():
		return e.begun, now
	case byTime:
		return e.stopDone, e.stopTime
	case e.stopped && e.InFlight() == 0:
		return e.counters.Completed, max(e.last, e.planEnd())
	}
	return e.counters.Completed, now
}

// planEnd is an interval after the last exchange was planned to begin; without a rate
// it is zero.
func (e *Engine) planEnd() time.Duration {
	if e.schedule.rate == 0 || e.begun == 0 {
		return 0
	}
	return e.schedule.at(e.begun-1) + time.Duration(float64(time.Second)/e.schedule.rate)
}

// Done reports whether everything has begun and ended.
func (e *Engine) Done() bool { return e.stopped && e.InFlight() == 0 }

// Next returns when [Engine.Advance] has something to do; without anything ahead it
// is the end of time.
func (e *Engine) Next(now time.Duration) time.Duration {
	next := time.Duration(math.MaxInt64)
	if !e.config.blind() {
		for _, t := range e.rto {
			next = t.earlier(next)
		}
		next = e.limit.earlier(next)
	}
	if e.stopped {
		return next
	}
	if e.config.Duration > 0 {
		next = min(next, e.config.Duration)
	}
	switch {
	case e.room(now):
		next = min(next, e.planned(now))
	case now < e.config.Ramp: // room comes with time
		next = min(next, now+time.Millisecond)
	}
	return next
}

// earlier returns when the first of the timers runs out, if that is before t.
func (t *timers) earlier(than time.Duration) time.Duration {
	if t.first < 0 {
		return than
	}
	return min(than, t.of(t.first).at)
}

// room reports whether another exchange may be in flight. With a ramp of the
// concurrency room comes with time.
func (e *Engine) room(now time.Duration) bool {
	return e.config.blind() || e.InFlight() < e.schedule.share(now, e.config.Concurrency)
}

// planned is when the next exchange is to begin.
func (e *Engine) planned(now time.Duration) time.Duration {
	if e.schedule.rate > 0 {
		return e.schedule.at(e.begun)
	}
	return now
}

// Advance does what is due: it repeats what was lost, gives up what takes too long,
// and begins at most so many exchanges as budget says. It returns how many began.
func (e *Engine) Advance(now time.Duration, out Output, budget int) int {
	if !e.config.blind() {
		e.expire(now, out)
	}
	switch {
	case e.config.Duration > 0 && now >= e.config.Duration:
		e.Stop(now)
	case e.hopeless() && !e.stopped:
		e.gaveUp = true
		e.Stop(now)
	}
	n := 0
	for !e.stopped && n < budget && e.begun < e.count && e.room(now) {
		planned := e.planned(now)
		if planned > now {
			break
		}
		e.begin(planned, now, out)
		n++
	}
	if e.begun >= e.count {
		e.Stop(now)
	}
	return n
}

// silence is how many timeouts in a row end a closed loop at least.
const silence = 64

// hopeless reports whether a closed loop has heard nothing at all from everybody who
// was in flight at first, or nothing any more, or too seldom. Those that are to come
// would only take as long.
func (e *Engine) hopeless() bool {
	c := &e.counters
	switch n := uint64(e.config.Concurrency); {
	case e.schedule.rate > 0:
		return false
	case e.config.MaxTimeouts > 0 && c.Timeouts >= e.config.MaxTimeouts:
		return true
	case e.heard == 0:
		return e.silent >= n
	default:
		return e.silent >= max(n, silence)
	}
}

// GaveUp reports whether the run was stopped before its time or count since the server
// did not answer.
func (e *Engine) GaveUp() bool { return e.gaveUp }

// timedOut counts an exchange that took too long. In an open loop it is as long as that
// among the times: without it a server that stalls would look like a fast one.
func (e *Engine) timedOut(x *exchange, now time.Duration) {
	if e.schedule.rate > 0 {
		if !x.answered && e.config.Mode == Exchange {
			e.firstByte.record(now - x.planned)
		}
		if !x.finSeen {
			e.latency.record(now - x.planned)
		}
	}
	c := &e.counters
	c.Timeouts++
	if heard := c.SynAcks + c.Resets; heard != e.heard {
		e.heard, e.silent = heard, 0
	}
	e.silent++
}

// Stop lets no more exchanges begin, and counts those that were planned by now.
func (e *Engine) Stop(now time.Duration) {
	if e.stopped {
		return
	}
	e.stopped, e.stopTime, e.stopDone = true, now, e.counters.Completed
	if e.schedule.rate == 0 {
		return
	}
	if e.config.Duration > 0 {
		now = min(now, e.config.Duration)
	}
	planned := min(e.schedule.before(now), e.count)
	e.counters.Unsent = planned - min(planned, e.begun)
}

// Abort stops at once: the server hears a reset for what was in flight.
func (e *Engine) Abort(now time.Duration, out Output) {
	e.Stop(now)
	for i := range e.exchanges {
		if x := &e.exchanges[i]; x.phase != unused {
			e.counters.Aborted++
			e.sendReset(x, out)
			e.drop(int32(i))
		}
	}
	e.noted = e.noted[:0]
}

// begin sends the SYN of the next exchange.
func (e *Engine) begin(planned, now time.Duration, out Output) {
	n := e.begun*uint64(e.config.Shares) + uint64(e.config.Share)
	e.begun++
	e.counters.Sent++
	client, port, round := e.walk.next()
	s := syn{n: n, client: client, addr: e.config.Clients.At(client), port: port}
	// A later exchange of the same addresses and ports has later numbers: its SYN can
	// take the place of a connection in TIME-WAIT (RFC 9293, Section 3.6.1).
	s.isn = e.isn(client, port).Add(int(round << isnStep))
	s.size = e.config.Sizes.pick(mix(e.config.Seed, n, saltSize))
	if e.config.blind() {
		e.frames.sendSyn(&s, out)
		return
	}
	k := key(client, port)
	for e.table[k] != 0 { // still in flight after all others: go on to the next
		client, port, round = e.walk.next()
		k = key(client, port)
		s.client, s.addr, s.port = client, e.config.Clients.At(client), port
		s.isn = e.isn(client, port).Add(int(round << isnStep))
	}
	synData := e.frames.sendSyn(&s, out)
	i := e.free[len(e.free)-1]
	e.free = e.free[:len(e.free)-1]
	x := &e.exchanges[i]
	*x = exchange{
		key: k, planned: planned, begun: now, isn: s.isn, size: uint32(s.size), phase: synSent,
		synData: uint16(synData), next: uint32(synData), high: uint32(synData),
	}
	e.table[k] = i + 1
	e.limit.set(i, now+e.config.Timeout)
	e.rto[0].set(i, now+e.config.RTO)
}

// isnStep is by how many bits numbers of sequence go on from one use of a pair of address
// and port to the next: more than SYN, data and FIN of an exchange take.
const isnStep = 21

// isn is the initial sequence number of the first use of a pair.
func (e *Engine) isn(client int, port uint16) wire.Seq {
	return wire.Seq(mix(e.config.Seed, key(client, port), saltISN))
}

// drop forgets an exchange.
func (e *Engine) drop(i int32) {
	x := &e.exchanges[i]
	x.rto.unset()
	x.limit.unset()
	delete(e.table, x.key)
	x.phase = unused
	e.free = append(e.free, i)
}

// expire goes through the timers that have run out.
func (e *Engine) expire(now time.Duration, out Output) {
	for i := e.limit.due(now); i >= 0; i = e.limit.due(now) {
		e.timedOut(&e.exchanges[i], now)
		e.sendReset(&e.exchanges[i], out)
		e.drop(i)
	}
	for _, t := range e.rto {
		for i := t.due(now); i >= 0; i = t.due(now) {
			e.repeat(i, now, out)
		}
	}
}

// repeat sends again what nobody has acknowledged.
func (e *Engine) repeat(i int32, now time.Duration, out Output) {
	x := &e.exchanges[i]
	x.level = min(x.level+1, levels-1)
	e.counters.Retransmits++
	e.armRTO(i, now)
	if x.phase == open {
		x.next = x.una
		e.push(i, now, out)
		return
	}
	s := syn{client: x.client(), addr: e.config.Clients.At(x.client()), port: x.port(), isn: x.isn}
	// A SYN that was lost may have been lost for its option or its data: it goes again
	// without them, as in Linux (RFC 7413, Section 4.2.1).
	x.repeated = true
	x.next = 0
	e.frames.sendAgain(&s, out)
}

func (e *Engine) armRTO(i int32, now time.Duration) {
	x := &e.exchanges[i]
	e.rto[x.level].set(i, now+e.config.RTO<<x.level)
}

// addr is the address and port of an exchange's client.
func (e *Engine) addr(x *exchange) netip.Addr { return e.config.Clients.At(x.client()) }
