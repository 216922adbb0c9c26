package endpoint

import (
	"container/heap"
	"time"
)

// A timerQueue has the connections in the order of their deadlines. An entry
// may be too early, never too late: a machine moves its deadline on with every
// segment, and most deadlines never come.
type timerQueue []*Conn

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].slot, q[j].slot = int32(i), int32(j)
}

// Push implements [heap.Interface].
func (q *timerQueue) Push(x any) {
	c := x.(*Conn)
	c.slot = int32(len(*q))
	*q = append(*q, c)
}

// Pop implements [heap.Interface].
func (q *timerQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	c.slot = notQueued
	return c
}

// notQueued is the slot of a connection that waits for nothing.
const notQueued = -1

// next returns when somebody has to look at the queue, or the zero time.
func (q timerQueue) next() time.Time {
	if len(q) == 0 {
		return time.Time{}
	}
	return q[0].due
}

// schedule makes sure that c is looked at by its machine's deadline.
func (q *timerQueue) schedule(c *Conn) {
	deadline := c.machine.Deadline()
	switch {
	case deadline.IsZero():
	case c.slot == notQueued:
		c.due = deadline
		heap.Push(q, c)
	case deadline.Before(c.due):
		c.due = deadline
		heap.Fix(q, int(c.slot))
	}
}

// pop returns a connection whose deadline has come, or nil.
func (q *timerQueue) pop(now time.Time) *Conn {
	for len(*q) > 0 && !(*q)[0].due.After(now) {
		c := (*q)[0]
		deadline := c.machine.Deadline()
		if deadline.After(now) {
			c.due = deadline
			heap.Fix(q, 0)
			continue
		}
		heap.Pop(q)
		if !deadline.IsZero() {
			return c
		}
	}
	return nil
}

// drop takes c out of the queue.
func (q *timerQueue) drop(c *Conn) {
	if c.slot != notQueued {
		heap.Remove(q, int(c.slot))
	}
}
