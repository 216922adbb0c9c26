package handshake

import (
	"slices"
	"time"
)

// A move is a production of the grammar.
type move struct {
	name   string
	weight int // how often it comes, among the others
	play   func(*conversation)
}

// moves are what may follow an opening, in any order.
var moves = func() (all []move) {
	for _, group := range [][]move{dataMoves, ackMoves, handshakeMoves, endMoves, twistMoves, icmpMoves, timeMoves, appMoves} {
		all = append(all, group...)
	}
	return all
}()

// byWeight has the index of every move as often as its weight says.
var byWeight = func() (table []int) {
	for i, m := range moves {
		for range m.weight {
			table = append(table, i)
		}
	}
	return table
}()

// nextMove is the move of a frame. While our SYN is unanswered the upper half of all
// frames is about that: little else has an effect.
func (c *conversation) nextMove() move {
	word := c.word()
	if c.m.State() == SynSent && word >= 1<<15 {
		return handshakeMoves[word%len(handshakeMoves)]
	}
	return moves[byWeight[word%len(byWeight)]]
}

// wordOf is the word that stands for a move in every state, and for an opening.
func wordOf(name string) (word uint16, ok bool) {
	for i, at := range byWeight {
		if moves[at].name == name {
			return uint16(i), true
		}
	}
	i := slices.IndexFunc(openings, func(m move) bool { return m.name == name })
	return uint16(i), i >= 0
}

var timeMoves = []move{
	{"a timer goes off", 16, func(c *conversation) { c.fire(0) }},
	{"a timer goes off late", 3, func(c *conversation) { c.fire(time.Duration(c.below(3000)) * time.Millisecond) }},
	{"some timers go off", 3, func(c *conversation) {
		for range 1 + c.below(12) {
			c.fire(0)
		}
	}},
	{"all timers go off", 1, (*conversation).silence},
	{"a round trip", 12, func(c *conversation) { c.now = c.now.Add(time.Duration(10+c.below(200)) * time.Millisecond) }},
	{"a moment", 4, func(c *conversation) { c.now = c.now.Add(time.Duration(c.below(2000)) * time.Microsecond) }},
	{"a long time", 2, func(c *conversation) {
		c.now = c.now.Add(choose(c, 11*time.Minute, time.Hour, 25*24*time.Hour, 60*24*time.Hour))
		if !c.rarely(3) {
			c.advance() // or what comes next finds that it is late
		}
	}},
	{"Advance too early", 2, func(c *conversation) { c.advance() }},
}

var appMoves = []move{
	{"write", 10, func(c *conversation) { c.write(choose(c, 1000, 1, 100, 3000, 10_000, 50_000)) }},
	{"queue", 2, func(c *conversation) { c.queue(1 + c.below(2000)) }},
	{"push", 1, (*conversation).push},
	{"begin to fill in", 4, func(c *conversation) { c.fillIn(choose(c, 1000, 1, 3000, 50_000)) }},
	{"fill in", 4, (*conversation).filledIn},
	{"good round trips", 5, func(c *conversation) { c.roundTrips(choose(c, 2, 1, 4, 6, 25)) }},
	{"read all", 6, func(c *conversation) { c.read(c.m.Unread()) }},
	{"read some", 3, func(c *conversation) { c.read(min(c.m.Unread(), 1+c.below(2000))) }},
	{"close the writing side", 4, (*conversation).closeWrite},
	{"close", 2, func(c *conversation) {
		c.finAsked, c.closeAsked = true, true
		c.take(c.m.Close(c.now, nil))
	}},
	{"orphan", 1, func(c *conversation) {
		if c.m.State() != Closed {
			c.m.Orphan()
		}
	}},
	{"abort", 1, func(c *conversation) { c.take(c.m.Abort(c.now, nil)) }},
	{"user timeout", 1, func(c *conversation) { c.m.SetUserTimeout(choose(c, 3*time.Second, 0, time.Millisecond)) }},
	{"keepalive", 1, func(c *conversation) {
		c.m.SetKeepAlive(c.now, KeepAlive{Idle: choose(c, 10*time.Second, 0, time.Millisecond), Count: 2, Interval: time.Second})
		c.take(nil)
	}},
	{"Nagle", 2, func(c *conversation) { c.take(c.m.SetNagle(c.now, !c.m.config.Nagle, nil)) }},
}

// write gives up to n bytes to the machine.
func (c *conversation) write(n int) {
	c.queue(n)
	c.push()
}

// fillIn begins to write without a lock; filledIn ends it.
func (c *conversation) fillIn(n int) {
	c.filledIn()
	p := ourBytes(c.written, min(n, len(simBytes)-c.written))
	a, b := c.m.Reserve(len(p))
	copy(b, p[copy(a, p):])
	c.filling = len(a) + len(b)
	if space := c.m.SendSpace(); c.filling > space {
		c.fail("Reserve has room for %d bytes in %d", c.filling, space)
	}
}

func (c *conversation) filledIn() {
	n := c.filling
	c.filling = 0
	switch kept := n > 0 && c.m.Commit(n); {
	case kept && c.finAsked:
		c.fail("Commit has taken %d bytes behind the end", n)
	case kept:
		c.written += n
		c.unpushed = true
	case n > 0 && !c.finAsked && c.m.State() != Closed:
		c.fail("Commit has lost %d bytes", n)
	}
}

func (c *conversation) queue(n int) {
	c.filledIn()
	n = min(n, len(simBytes)-c.written)
	space := c.m.SendSpace()
	took := c.m.Queue(ourBytes(c.written, n))
	if took > space {
		c.fail("Queue has taken %d bytes into %d", took, space)
	}
	if took > 0 && c.finAsked {
		c.fail("Queue has taken %d bytes behind the end", took)
	}
	c.written += took
	c.unpushed = c.unpushed || took > 0
}

func (c *conversation) push() {
	c.unpushed = false
	c.take(c.m.Push(c.now, nil))
}

func (c *conversation) read(n int) {
	due := c.m.ConsumeDue(n)
	out := c.m.Consume(c.now, n, nil)
	if due && len(out) == 0 {
		c.fail("the peer does not hear of %d bytes that were read", n)
	}
	c.take(out)
}

// roundTrips is a peer that takes everything, and an application that has as much.
func (c *conversation) roundTrips(n int) {
	for range n {
		c.write(c.m.SendSpace())
		c.now = c.now.Add(time.Duration(10+c.below(50)) * time.Millisecond)
		c.ack(c.m.send.nxt)
	}
}

func (c *conversation) closeWrite() {
	c.finAsked = true
	c.take(c.m.CloseWrite(c.now, nil))
}
