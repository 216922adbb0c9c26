package drill

import (
	"fmt"
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// A pendingCall is a socket call that has begun.
type pendingCall struct {
	event *script.Event
	op    socket.Op
	check func(r socket.Result) error // of what is behind its arguments; nil for nothing
	due   time.Duration               // when it has to return
	slack time.Duration               // how much earlier or later it may
	opens bool                        // it returns a new descriptor
}

// start makes a call. One that does not block returns at once.
func (p *player) start(e *script.Event, w *window) error {
	c, err := p.prepare(e.Call)
	if err != nil {
		return err
	}
	c.event, c.due = e, p.venue.elapsed()
	if w.blocks {
		c.due = w.end
	}
	c.slack = p.slack(c.due)
	p.call = c
	if err := p.tryCall(); err != nil || p.call == nil || w.blocks {
		return err
	}
	return p.finishCall()
}

// tryCall goes on with the call under way.
func (p *player) tryCall() error {
	c := p.call
	if c == nil {
		return nil
	}
	r, over := c.op()
	if !over {
		return nil
	}
	p.call = nil
	if c.opens && r.Errno == "" {
		r.Value = p.open(&c.event.Call.Result, r.Value)
	}
	if p.flow != nil {
		p.flow.find(p)
	}
	err := c.returned(r)
	if at := p.venue.elapsed(); err == nil && (at-c.due).Abs() > c.slack {
		err = failf("%s should return at %s and returns at %s", c.event.Call.Name, seconds(c.due), seconds(at))
	}
	if err != nil {
		p.result.Pos = c.event.Pos
	}
	return err
}

// finishCall waits until the call under way has returned.
func (p *player) finishCall() error {
	if p.call == nil {
		return nil
	}
	c := p.call
	if err := p.venue.await(c.due+c.slack, func() bool { return p.call == nil }); err != nil || p.call == nil {
		return err
	}
	p.result.Pos = c.event.Pos
	return failf("%s should return at %s and still waits at %s", c.event.Call.Name, seconds(c.due), seconds(c.due+c.slack))
}

// returned compares what a call has returned with what the script says.
func (c *pendingCall) returned(r socket.Result) error {
	call := c.event.Call
	if r.Unsupported != "" {
		return unsupportedf("%s: %s is not supported", call.Name, r.Unsupported)
	}
	if err := c.compareValue(r); err != nil {
		f := err.(*failure)
		f.detail = []string{"expected " + resultText(call), "got      " + gotText(r)}
		return f
	}
	if c.check != nil && r.Errno == "" {
		return c.check(r)
	}
	return nil
}

func (c *pendingCall) compareValue(r socket.Result) error {
	call := c.event.Call
	if call.Result.Kind == script.Ellipsis {
		return nil
	}
	want, err := evaluate(&call.Result)
	switch {
	case err != nil:
		return err
	case int(want) != r.Value:
		return failf("%s returns another value", call.Name)
	case call.Errno != "" && alias(socket.Errno(call.Errno)) != r.Errno:
		return failf("%s fails for another reason", call.Name)
	}
	return nil
}

// alias returns the name that an error goes by here.
func alias(e socket.Errno) socket.Errno {
	switch e {
	case "EWOULDBLOCK":
		return socket.EAGAIN
	case "ENOTSUP":
		return socket.EOPNOTSUPP
	}
	return e
}

func resultText(call *script.Call) string {
	want, _ := evaluate(&call.Result)
	if call.Errno == "" {
		return fmt.Sprintf("%s(...) = %d", call.Name, want)
	}
	return fmt.Sprintf("%s(...) = %d %s", call.Name, want, call.Errno)
}

func gotText(r socket.Result) string {
	if r.Errno == "" {
		return fmt.Sprintf("%d", r.Value)
	}
	return fmt.Sprintf("%d %s", r.Value, r.Errno)
}

// open gives a descriptor of the host the number that the script says, and returns
// that. A script numbers its descriptors as it likes.
func (p *player) open(want *script.Expr, fd int) int {
	n, err := evaluate(want)
	if err != nil || n < 0 || want.Kind == script.Ellipsis {
		n = int64(fd)
	}
	p.fds[int(n)] = fd
	return int(n)
}

// noFD is a descriptor that the host never has.
const noFD = 1<<31 - 1

// fd is the host's descriptor for one of the script, or one that nothing has: a
// number that the script has closed may be that of another file of the host.
func (p *player) fd(n int) int {
	if fd, ok := p.fds[n]; ok {
		return fd
	}
	if n < 0 {
		return n
	}
	return noFD
}
