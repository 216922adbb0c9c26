package endpoint

import (
	"net"
	"sync"
	"time"

	"tfocraft/wire/link"
)

// A mailbox is how other goroutines reach the loop: calls to run there, and
// connections whose application wants something. The loop waits for frames and
// for mail in one place, ReadFrames of its link; mail ends that wait by a read
// deadline that has passed.
type mailbox struct {
	link   link.Link
	direct func(f func(now time.Time)) // runs a call at once; nil if the loop does, see Stepper

	mu      sync.Mutex
	calls   []call
	ready   []*Conn   // each once, see Conn.posted
	asleep  bool      // the loop is waiting for frames, or about to
	armed   time.Time // the link's read deadline
	stopped bool      // nobody looks into the mailbox any more
}

// A call is a function to run in the loop. Done gets nil when it has run, or
// net.ErrClosed if it never will.
type call struct {
	run  func(now time.Time)
	done chan error
}

// longAgo is a read deadline that has passed.
var longAgo = time.Unix(1, 0)

// stepped reports whether the stack is a Stepper's.
func (m *mailbox) stepped() bool { return m.direct != nil }

// call runs f in the loop and waits for it.
func (m *mailbox) call(f func(now time.Time)) error {
	if m.stepped() {
		m.direct(f)
		return nil
	}
	c := call{f, make(chan error, 1)}
	m.mu.Lock()
	if m.stopped {
		m.mu.Unlock()
		return net.ErrClosed
	}
	m.calls = append(m.calls, c)
	m.wake()
	m.mu.Unlock()
	return <-c.done
}

// post tells the loop to look at c.
func (m *mailbox) post(c *Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.posted || m.stopped {
		return
	}
	c.posted = true
	m.ready = append(m.ready, c)
	m.wake()
}

func (m *mailbox) wake() {
	if m.asleep {
		m.asleep = false
		m.arm(longAgo)
	}
}

// arm sets the link's read deadline. An error means that the link is closed,
// which its reader learns as well.
func (m *mailbox) arm(t time.Time) {
	m.armed = t
	_ = m.link.SetReadDeadline(t)
}

// take empties the mailbox. The slices are swapped for those given, which are
// used again.
func (m *mailbox) take(calls []call, ready []*Conn) ([]call, []*Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, m.calls = m.calls, calls[:0]
	ready, m.ready = m.ready, ready[:0]
	for _, c := range ready {
		c.posted = false
	}
	return calls, ready
}

// empty reports whether there is no mail.
func (m *mailbox) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.calls) == 0 && len(m.ready) == 0
}

// sleep prepares for a wait for frames that mail or the time until ends. It
// reports false if there is mail already.
func (m *mailbox) sleep(now, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.calls) > 0 || len(m.ready) > 0 {
		return false
	}
	m.asleep = true
	m.armFor(now, until)
	return true
}

// armFor sets the deadline unless an earlier one is still to come: to wake too
// soon costs less than to set the deadline for every frame.
func (m *mailbox) armFor(now, until time.Time) {
	if m.armed.After(now) && (until.IsZero() || !until.Before(m.armed)) || until.Equal(m.armed) {
		return
	}
	m.arm(until)
}

// nap prepares for a short wait that mail does not end.
func (m *mailbox) nap(until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arm(until)
}

// awake ends a wait.
func (m *mailbox) awake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asleep = false
}

// stop refuses what is in the mailbox and all that comes.
func (m *mailbox) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	for _, c := range m.calls {
		c.done <- net.ErrClosed
	}
	m.calls, m.ready = nil, nil
}
