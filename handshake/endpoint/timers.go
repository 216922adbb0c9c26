package endpoint

import (
	"math"
	"math/bits"
	"time"
)

// A timerQueue has the connections in the order of their deadlines. An entry may be too
// early, never too late: a machine moves its deadline on with every segment, and most
// deadlines never come.
//
// What is due soon is in a heap, in exact order. All else is in a hierarchical timing
// wheel (Varghese and Lauck, 1987), where neither putting in nor taking out depends on
// how many there are; a slot is sorted when its time comes.
type timerQueue struct {
	base    time.Time // what times count from
	tick    int64     // the wheel's hand: what is due in this tick or before is in soon
	soon    timerHeap
	used    [wheelLevels]uint64 // a bit for each slot that is not empty
	slots   [wheelLevels][wheelSlots]*Conn
	waiting int // connections in slots
}

const (
	// tickBits makes a tick 2^22 ns, some 4 ms.
	tickBits = 22
	// Each level's slots take as long as all of the level below: together they have
	// room for every time there is.
	slotBits    = 6
	wheelSlots  = 1 << slotBits
	wheelLevels = 7
)

// The slots of connections that are not in the heap.
const (
	notQueued = -1 - iota // it waits for nothing
	inWheel
)

// A timer is a connection's place in a timerQueue.
type timer struct {
	due        int64 // when the queue looks at it, in nanoseconds from its base
	slot       int32 // in the heap, or one of the constants
	prev, next *Conn // in a slot of the wheel; prev is nil for the first
}

func newTimerQueue(now time.Time) timerQueue { return timerQueue{base: now} }

// at returns a time as the queue counts.
func (q *timerQueue) at(t time.Time) int64 { return int64(t.Sub(q.base)) }

// next returns when somebody has to look at the queue, or the zero time.
func (q *timerQueue) next() time.Time {
	switch {
	case len(q.soon) > 0:
		return q.base.Add(time.Duration(q.soon[0].due))
	case q.waiting > 0:
		start, _, _ := q.first()
		return q.base.Add(time.Duration(start << tickBits))
	}
	return time.Time{}
}

// first returns the tick at which the earliest slot begins that is not empty.
func (q *timerQueue) first() (start int64, level, slot int) {
	for level := range wheelLevels {
		if q.used[level] != 0 {
			// Those of lower levels come first: they share more of the hand's bits.
			slot := bits.TrailingZeros64(q.used[level])
			shift := slotBits * level
			return (q.tick>>(shift+slotBits)<<slotBits | int64(slot)) << shift, level, slot
		}
	}
	return math.MaxInt64, 0, 0
}

// schedule makes sure that c is looked at by its deadline.
func (q *timerQueue) schedule(c *Conn) {
	deadline, ok := q.deadline(c)
	switch t := &c.timer; {
	case !ok, t.slot != notQueued && t.due <= deadline:
	case t.slot >= 0 && deadline>>tickBits <= q.tick:
		t.due = deadline
		q.soon.up(int(t.slot), timerEntry{deadline, c})
	default:
		q.drop(c)
		q.put(c, deadline)
	}
}

// deadline returns when something is due: of the machine, or of the patience with it.
func (q *timerQueue) deadline(c *Conn) (int64, bool) {
	var at int64
	ok := c.handled != nil && c.handled.patience != 0
	if ok {
		at = c.handled.patience
	}
	if d := c.machine.Deadline(); !d.IsZero() {
		if due := q.at(d); !ok || due < at {
			at, ok = due, true
		}
	}
	return at, ok
}

// put puts c in, which is not there.
func (q *timerQueue) put(c *Conn, due int64) {
	t, tick := &c.timer, due>>tickBits
	t.due = due
	if tick <= q.tick {
		q.soon.push(c)
		return
	}
	level := (bits.Len64(uint64(tick^q.tick)) - 1) / slotBits
	slot := tick >> (slotBits * level) & (wheelSlots - 1)
	head := &q.slots[level][slot]
	if t.prev, t.next = nil, *head; t.next != nil {
		t.next.timer.prev = c
	}
	*head = c
	q.used[level] |= 1 << slot
	q.waiting++
	t.slot = inWheel
}

// pop returns a connection whose deadline has come, or nil.
func (q *timerQueue) pop(now time.Time) *Conn {
	at := q.at(now)
	q.turn(at >> tickBits)
	for len(q.soon) > 0 && q.soon[0].due <= at {
		c, due := q.soon[0].conn, q.soon[0].due
		q.soon.remove(0)
		switch deadline, ok := q.deadline(c); {
		case ok && deadline > due: // it has moved on since
			q.put(c, deadline)
		case ok:
			return c
		}
	}
	return nil
}

// trim gives back the room that the heap has grown to, once it is empty.
func (q *timerQueue) trim() {
	if len(q.soon) == 0 && cap(q.soon) > smallTable {
		q.soon = nil
	}
}

// turn moves the hand on, and what it passes to the heap.
func (q *timerQueue) turn(tick int64) {
	for q.waiting > 0 {
		start, level, slot := q.first()
		if start > tick {
			break
		}
		q.tick = start
		q.empty(level, slot)
	}
	q.tick = max(q.tick, tick)
}

// empty finds new places for what is in a slot whose time has come.
func (q *timerQueue) empty(level, slot int) {
	c := q.slots[level][slot]
	q.slots[level][slot] = nil
	q.used[level] &^= 1 << slot
	for c != nil {
		next := c.timer.next
		c.timer.prev, c.timer.next, c.timer.slot = nil, nil, notQueued
		q.waiting--
		if level == 0 {
			// Its time has come: pop will ask whether it has moved on, when the
			// connection is needed anyway.
			q.put(c, c.timer.due)
		} else if deadline, ok := q.deadline(c); ok {
			q.put(c, deadline)
		}
		c = next
	}
}

// drop takes c out of the queue, if it is there.
func (q *timerQueue) drop(c *Conn) {
	t := &c.timer
	switch {
	case t.slot >= 0:
		q.soon.remove(int(t.slot))
	case t.slot == inWheel:
		if t.prev != nil {
			t.prev.timer.next = t.next
		} else {
			q.unhook(c)
		}
		if t.next != nil {
			t.next.timer.prev = t.prev
		}
		t.prev, t.next, t.slot = nil, nil, notQueued
		q.waiting--
	}
}

// unhook takes the first of a slot out of it.
func (q *timerQueue) unhook(c *Conn) {
	for level := range wheelLevels {
		slot := c.timer.due >> (tickBits + slotBits*level) & (wheelSlots - 1)
		if head := &q.slots[level][slot]; *head == c {
			if *head = c.timer.next; *head == nil {
				q.used[level] &^= 1 << slot
			}
			return
		}
	}
}

// A timerHeap has what is due first in front. It holds the times itself, so that sorting
// does not have to look at the connections.
type timerHeap []timerEntry

type timerEntry struct {
	due  int64
	conn *Conn
}

func (h timerHeap) set(i int, e timerEntry) {
	h[i] = e
	e.conn.timer.slot = int32(i)
}

func (h *timerHeap) push(c *Conn) {
	*h = append(*h, timerEntry{})
	h.up(len(*h)-1, timerEntry{c.timer.due, c})
}

// up finds the place for e from i towards the front.
func (h timerHeap) up(i int, e timerEntry) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].due <= e.due {
			break
		}
		h.set(i, h[parent])
		i = parent
	}
	h.set(i, e)
}

// down finds the place for e from i towards the end.
func (h timerHeap) down(i int, e timerEntry) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].due < h[child].due {
			child++
		}
		if e.due <= h[child].due {
			break
		}
		h.set(i, h[child])
		i = child
	}
	h.set(i, e)
}

// remove takes out what is at i.
func (h *timerHeap) remove(i int) {
	old := *h
	old[i].conn.timer.slot = notQueued
	last := len(old) - 1
	e := old[last]
	old[last] = timerEntry{}
	*h = old[:last]
	switch {
	case i == last:
	case i > 0 && e.due < (*h)[(i-1)/2].due:
		h.up(i, e)
	default:
		h.down(i, e)
	}
}
