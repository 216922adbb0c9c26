package endpoint

import "sync"

// A condition is a [sync.Cond] that takes room only once somebody waits: most
// connections that are open are waited for in one direction at the most. All
// methods are called with the lock held, which is always the same.
type condition struct {
	cond *sync.Cond
}

// of returns the sync.Cond.
func (c *condition) of(mu *sync.Mutex) *sync.Cond {
	if c.cond == nil {
		c.cond = sync.NewCond(mu)
	}
	return c.cond
}

func (c *condition) wait(mu *sync.Mutex) { c.of(mu).Wait() }

func (c *condition) broadcast() {
	if c.cond != nil {
		c.cond.Broadcast()
	}
}
