package endpoint

import (
	"time"

	"tfocraft/wire/link"
)

// A Stepper is a [Stack] with neither a goroutine nor a clock: it does something
// only in the calls of its owner, at the times that the owner tells. It is for
// virtual time, and gives the same answers whenever it is asked. There is no kernel
// beside it: it refuses what comes to ports of its addresses that nobody uses.
//
// One goroutine owns it and whatever belongs to its stack. Methods that wait,
// such as Conn.Read and Dialer.DialContext, would wait for ever; those that
// return at once take their place: [Dialer.Begin], [Listener.TryAccept],
// [Conn.TryRead], [Conn.TryWrite]. What they and Close ask of a connection is done
// by the next Advance.
type Stepper struct {
	stack *Stack
	now   time.Time
}

// NewStepper returns a stack that stands at a time. Its link is written to and
// never read: frames come by Input.
func NewStepper(now time.Time, c Config) (*Stepper, error) {
	s, err := newStack(now, c)
	if err != nil {
		return nil, err
	}
	p := &Stepper{stack: s, now: now}
	s.clock = func() time.Time { return p.now }
	s.alone = true
	s.mail.direct = func(f func(now time.Time)) { f(p.now) }
	return p, nil
}

// Stack returns the stack, for a Dialer or a ListenConfig.
func (p *Stepper) Stack() *Stack { return p.stack }

// Deadline returns when Advance has to be called next; the zero time means that
// nothing is scheduled. It may be early.
func (p *Stepper) Deadline() time.Time { return p.stack.loop.timers.next() }

// Advance moves the time on, and does what the applications have asked for and
// what is due.
func (p *Stepper) Advance(now time.Time) {
	p.now = now
	l := p.stack.loop
	p.readMail()
	l.fire(now)
	l.callHandlers(now)
	p.finish()
}

func (p *Stepper) readMail() {
	_ = p.stack.loop.readMail(p.now) // without a reader the link has nothing to fail at
}

// finish sends all that may be sent now, in as many calls as that takes.
func (p *Stepper) finish() {
	l := p.stack.loop
	for l.more {
		p.readMail()
	}
	l.flush()
	l.spares.collect(p.stack.mail)
}

// Input takes a frame that has come, and answers it.
func (p *Stepper) Input(now time.Time, frame []byte) {
	p.now = now
	l := p.stack.loop
	l.frame(now, &link.Frame{Data: frame})
	l.callHandlers(now)
	l.settle(now)
	p.finish()
}

// Close resets every connection and closes the link.
func (p *Stepper) Close() error {
	l := p.stack.loop
	l.stop(p.now)
	l.callHandlers(p.now)
	l.flush()
	p.stack.mail.stop()
	return l.link.Close()
}
