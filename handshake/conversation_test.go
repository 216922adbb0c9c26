package handshake

import (
	"fmt"
	"runtime/debug"
	"time"

	"tfocraft/wire"
)

// A conversation is one machine, and a peer, an application and a network that
// together follow a grammar: first an opening, then any moves. What a move is
// about is mostly what makes sense in the state of things (the next byte, the edge
// of the window, a block of what is in flight), and often close beside it. Which
// moves there are, and with what numbers, comes from a sentence.
type conversation struct {
	choices
	m      *Machine
	config Config
	now    time.Time
	irs    wire.Seq // of the peer
	window uint16   // that the peer announces
	twists []func(*conversation, *wire.Segment)
	tsBase uint32 // the peer's clock at the epoch

	versions    int  // of the bytes of the peer: each of its segments has its own
	written     int  // by the application, from ourBytes
	filling     int  // behind that, by fillIn
	unpushed    bool // some of it need not be sent before the next Push
	finAsked    bool
	closeAsked  bool
	endsInOrder bool
	promises    promises
	seen        conversationTally

	// At an orderly end: what the path does, and what the peer has of our stream.
	loses, listening bool
	lastWindow       uint16
	arrivedAt        wire.Seq

	logging bool
	log     []string
	failed  string
}

// conversationTally is what has happened, to tell whether it does.
type conversationTally struct {
	moves  map[string]int
	states [len(stateNames)]int
	drops  [len(dropNames)]int
	ends   [len(simErrors)]int
}

func (t *conversationTally) add(u *conversationTally) {
	for name, n := range u.moves {
		t.moves[name] += n
	}
	for i, n := range u.states {
		t.states[i] += n
	}
	for i, n := range u.drops {
		t.drops[i] += n
	}
	for i, n := range u.ends {
		t.ends[i] += n
	}
}

// A sentence is frames of bytes: one for what both sides are like, one for the
// opening, and one for each move. The first two bytes of a frame say which move it
// is, the others are its choices, in order. Since no move reads beyond its own frame,
// a changed byte changes one move.
const frameLen = 14

// maxMoves is how many frames of a sentence are read.
const maxMoves = 100

// choices are the rest of a frame. Where it ends every choice is the first one.
type choices struct{ frame []byte }

func (c *choices) byte() int {
	if len(c.frame) == 0 {
		return 0
	}
	b := c.frame[0]
	c.frame = c.frame[1:]
	return int(b)
}

func (c *choices) word() int { return c.byte()<<8 | c.byte() }

// below returns a number from 0 to n-1.
func (c *choices) below(n int) int {
	if n > 256 {
		return c.word() % n
	}
	return c.byte() % max(n, 1)
}

// rarely is true once in n times, and not by default.
func (c *choices) rarely(n int) bool { return c.below(n) == n-1 }

// choose returns one of several; what stands there more than once is more likely.
func choose[T any](c *conversation, of ...T) T { return of[c.below(len(of))] }

// nextFrame cuts a frame from a sentence.
func nextFrame(sentence []byte) (frame, rest []byte) {
	n := min(frameLen, len(sentence))
	return sentence[:n], sentence[n:]
}

// converse plays a sentence. A conversation that fails is played once more, and
// written down.
func converse(sentence []byte) *conversation {
	c := playSentence(sentence, false)
	if c.failed != "" {
		c = playSentence(sentence, true)
	}
	return c
}

func playSentence(sentence []byte, logging bool) (c *conversation) {
	c = &conversation{now: epoch, window: 65535, logging: logging}
	c.seen.moves = map[string]int{}
	defer func() {
		if r := recover(); r != nil {
			c.fail("panic: %v\n%s", r, debug.Stack())
		}
	}()
	c.frame, sentence = nextFrame(sentence)
	c.configure()
	c.frame, sentence = nextFrame(sentence)
	c.play(openings[c.word()%len(openings)])
	for n := 0; n < maxMoves && len(sentence) > 0 && c.failed == ""; n++ {
		c.frame, sentence = nextFrame(sentence)
		c.play(c.nextMove())
	}
	c.finish()
	return c
}

func (c *conversation) play(m move) {
	c.seen.moves[m.name]++
	c.logf("-- %s", m.name)
	m.play(c)
}

// finish: the peer says nothing more and the application gives up at last, or both
// close in order.
func (c *conversation) finish() {
	if c.failed != "" {
		return
	}
	if c.endsInOrder {
		c.logf("-- an orderly end")
		c.orderly()
	} else {
		c.logf("-- silence")
		c.silence()
	}
	c.checkInfo()
	c.logf("-- the end")
	c.take(c.m.Abort(c.now, nil))
	if got := c.m.State(); got != Closed {
		c.fail("after Abort: got %v, want CLOSED", got)
	}
	c.inject(c.segment(wire.ACK))
	c.take(c.m.Advance(c.now.Add(time.Hour), nil))
	_, out := c.m.Write(c.now, ourBytes(0, 100), nil)
	c.take(c.m.Close(c.now, out))
}

func (c *conversation) fail(format string, args ...any) {
	if c.failed == "" {
		c.failed = fmt.Sprintf(format, args...)
		c.logf("!! %s", c.failed)
	}
}

func (c *conversation) logf(format string, args ...any) {
	if c.logging {
		c.log = append(c.log, fmt.Sprintf("%13v ", c.now.Sub(epoch))+fmt.Sprintf(format, args...))
	}
}

func (c *conversation) logSegment(sign string, s *wire.Segment, base wire.TextBase) {
	if c.logging {
		c.logf("%s %s", sign, wire.AppendText(nil, s, base))
	}
}

// ourBytes returns n of the bytes that our application writes.
func ourBytes(at, n int) []byte { return simBytes[at : at+n] }

// theirBytes returns n bytes of the peer's stream that begin at seq, in a version
// that no other segment has: which one was taken shows in what is delivered.
func (c *conversation) theirBytes(seq wire.Seq, n int) []byte {
	const most = 1 << 18
	c.versions++
	at := int((uint32(seq-c.irs) + uint32(c.versions)*7919) % uint32(len(simBytes)-most))
	return simBytes[at : at+min(max(n, 0), most)]
}

// nxt is the next byte of the peer's stream, as far as the machine knows of it.
func (c *conversation) nxt() wire.Seq {
	if c.m.State() == SynSent {
		return c.irs.Add(1)
	}
	return c.m.recv.nxt
}

// segment is what an orderly peer sends without anything to say: next in order,
// and with everything acknowledged.
func (c *conversation) segment(flags wire.Flags) wire.Segment {
	s := wire.Segment{SrcPort: 80, DstPort: 1000, Flags: flags, Seq: c.nxt(), Window: c.window}
	if flags.Has(wire.ACK) {
		s.Ack = c.m.send.nxt
	}
	if c.m.ts.on && !flags.Any(wire.SYN|wire.RST) {
		s.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), c.timestamps())
	}
	return s
}

// timestamps are what the peer's clock says and the newest that it can echo.
func (c *conversation) timestamps() wire.Timestamps {
	val := c.tsBase + uint32(c.now.Sub(epoch).Milliseconds())
	if c.m != nil && c.m.ts.on && int32(c.m.ts.recent-val) > 0 {
		c.tsBase += c.m.ts.recent - val // something from the future was believed
		val = c.m.ts.recent
	}
	return wire.Timestamps{Val: val, Ecr: c.promises.tsVal}
}

// inject gives a segment to the machine, after the twists that wait for one.
func (c *conversation) inject(s wire.Segment) {
	c.injectWith(s, c.m.Input)
}

// injectMore is inject without the settling of acknowledgements.
func (c *conversation) injectMore(s wire.Segment) {
	c.injectWith(s, c.m.InputMore)
}

func (c *conversation) injectWith(s wire.Segment, input func(time.Time, wire.Segment, []Output) []Output) {
	for _, twist := range c.twists {
		twist(c, &s)
	}
	c.twists = nil
	c.logSegment("<", &s, wire.TextBase{SeqBase: c.irs, AckBase: c.config.ISS})
	before := c.moment()
	out := input(c.now, s, nil)
	c.arrived(&s, &before, out)
	c.take(out)
	c.judge(&s, &before, out)
	c.checkCongestion(&before)
}

// take holds what the machine asks for, and its state, to the promises.
func (c *conversation) take(out []Output) {
	c.checkOutputs(out)
	c.checkMachine()
}

// fire lets the time of the next deadline come, and late by that much.
func (c *conversation) fire(late time.Duration) bool {
	at := c.m.Deadline()
	if at.IsZero() {
		return false
	}
	if at = at.Add(late); at.After(c.now) {
		c.now = at
	}
	c.advance()
	return true
}

func (c *conversation) advance() {
	c.take(c.m.Advance(c.now, nil))
	if at := c.m.Deadline(); !at.IsZero() && !at.After(c.now) {
		c.fail("Advance leaves a deadline of %v before", c.now.Sub(at))
	}
}

// mostSilent is more than all timers together go off without a word from the
// peer. Most of them are keepalive's, which looks every second whether the timers of
// the data have given up.
const mostSilent = 1000

// silence lets every timer go off until there is none. What is left is a
// connection that waits for nothing but the other side or the application.
func (c *conversation) silence() {
	if c.unpushed {
		c.push()
	}
	for n := 0; c.failed == "" && c.fire(0); n++ {
		if n > mostSilent {
			c.fail("more than %d timers go off, one after the other", n)
		}
	}
	c.checkSilent()
}
