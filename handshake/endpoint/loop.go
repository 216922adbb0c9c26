package endpoint

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// readBatch is how many frames are read at once.
const readBatch = 64

// tuple names a connection.
type tuple struct {
	local, remote netip.AddrPort
}

// A loop is the goroutine of a stack, and what it alone touches.
type loop struct {
	stack  *Stack
	log    *slog.Logger
	link   link.Link
	poller link.Poller // the link, if it is one
	mail   *mailbox

	conns      connTable
	listeners  map[netip.AddrPort]*Listener
	cookies    handshake.SynCookies
	timers     timerQueue
	counters   Counters
	draining   bool
	stopped    bool
	idle       []chan struct{} // to close when there are no connections
	waits      waits
	sendFailed bool // and was logged
	more       bool // a connection has more to send, which is not to wait for frames
	inHaste    bool // as many frames came at once as do when more are waiting
	answers    int  // SYN cookies that they were answered with
	handedOver bool // SYN data went to an application in this round
	woke       bool // an application has got something to do in this round

	// Used again and again, so that frames cost no allocation.
	frames  []link.Frame
	outputs []handshake.Output
	calls   []call
	ready   []*Conn
	stirred []*Conn // whose handlers are to be called
	spare   []*Conn
	spares  spares
	touched []*Conn // by the frames of this round
	rx, tx  wire.Packet
	reverse [maxHeader]byte
	queue   sendQueue
}

func newLoop(now time.Time, s *Stack) *loop {
	return &loop{
		stack: s, log: s.log, link: s.config.Link, mail: s.mail,
		conns:     newConnTable(),
		listeners: make(map[netip.AddrPort]*Listener),
		cookies:   handshake.SynCookies{Secret: s.config.Secret},
		frames:    make([]link.Frame, readBatch),
		timers:    newTimerQueue(now),
	}
}

// run is the goroutine.
func (l *loop) run() {
	defer close(l.stack.done)
	err := l.serve()
	if !errors.Is(err, net.ErrClosed) {
		l.log.Warn("endpoint: link failed", "error", err)
	}
	l.mail.stop()
	l.stopped = true
	l.endAll(err)
	l.callHandlers(time.Now())
	_ = l.link.Close()                     // nothing is left to lose
	_, _ = l.link.ReadFrames(l.frames[:1]) // lets go of the memory that frames were lent from
}

// serve does what there is to do until the link fails or the stack is closed.
// What frames, mail and timers of one round have to send is sent together.
func (l *loop) serve() error {
	for {
		now := time.Now()
		if err := l.readMail(now); err != nil {
			l.flush()
			return err
		}
		l.settle(now) // what applications have sent meanwhile acknowledges as well
		l.fire(now)
		l.callHandlers(now)
		l.flush()
		l.spares.collect(l.mail)
		if l.stopped {
			return net.ErrClosed
		}
		n, err := l.receive(now)
		l.take(n)
		if err != nil {
			l.flush()
			return err
		}
		if l.handedOver || l.woke && l.waits.polls {
			// An application that answers the data of a SYN at once has its answer
			// leave with the SYN-ACK, ahead of the client's ACK. Where time counts
			// all that it does next goes with our acknowledgements: to send them
			// first may take as long as the rest of an exchange.
			runtime.Gosched()
		}
		l.handedOver, l.woke = false, false
	}
}

// fire lets the connections do what is due.
func (l *loop) fire(now time.Time) {
	for c := l.timers.pop(now); c != nil; c = l.timers.pop(now) {
		l.advance(now, c)
	}
}

// take takes the n frames that were read.
func (l *loop) take(n int) {
	now := time.Now()
	l.inHaste, l.answers = n >= readBatch/2, 0
	for i := range n {
		l.frame(now, &l.frames[i])
	}
	l.callHandlers(now)
}

// mailBatch is how many connections are attended to before frames are read: what
// they send has answers, for which the link has only so much room.
const mailBatch = 512

// readMail does what other goroutines want.
func (l *loop) readMail(now time.Time) error {
	l.more = false
	l.calls, l.ready = l.mail.take(l.calls, l.ready)
	for _, c := range l.calls {
		c.run(now)
		c.done <- nil
	}
	clear(l.calls)
	for i, c := range l.ready {
		l.attend(now, c)
		if i%mailBatch == mailBatch-1 && i+1 < len(l.ready) && !l.mail.stepped() {
			l.flush()
			l.mail.nap(now.Add(napTime))
			n, err := l.read()
			l.take(n)
			if err != nil {
				return err
			}
			now = time.Now()
		}
	}
	if clear(l.ready); cap(l.ready) > 4*smallTable {
		l.ready = nil
	}
	return nil
}

// advance lets a connection do what was due.
func (l *loop) advance(now time.Time, c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.handled; h != nil && h.patience != 0 && h.patience <= l.timers.at(now) {
		h.patience = 0
		c.expire()
	}
	l.apply(now, c, c.machine.Advance(now, l.outputs[:0]))
}

// attend does what the application wants from a connection, in the order in
// which it matters: what was read counts before what was left unread, and what
// was written goes out before the FIN.
func (l *loop) attend(now time.Time, c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.machine.State() == handshake.Closed {
		return
	}
	l.catchUp(now, c)
	if c.aborted {
		l.apply(now, c, c.machine.Abort(now, l.outputs[:0]))
		return
	}
	if !c.ends() {
		l.apply(now, c, c.machine.Push(now, l.outputs[:0]))
		l.catchUp(now, c) // others have had the lock meanwhile
	}
	switch {
	case c.aborted:
		l.apply(now, c, c.machine.Abort(now, l.outputs[:0]))
	case len(c.rest) > 0: // settle posts c again
		if c.closed {
			c.machine.Orphan()
		}
	case c.closed && !c.closeDone:
		c.closeDone = true
		l.apply(now, c, c.machine.Close(now, l.outputs[:0]))
	case c.writeClosed && !c.finDone && !c.closeDone:
		c.finDone = true
		l.apply(now, c, c.machine.CloseWrite(now, l.outputs[:0]))
	}
}

// ends reports whether the FIN is to be queued now, so that Push need not first send what
// can go with it. What a reset would follow is pushed all the same.
func (c *Conn) ends() bool {
	due := c.closed || c.writeClosed && !c.finDone
	return due && !c.closeDone && !c.aborted && len(c.rest) == 0 && !c.machine.LeavesUnread()
}

// catchUp tells the machine what the application has read.
func (l *loop) catchUp(now time.Time, c *Conn) {
	if n := c.consumed; n > 0 {
		c.consumed = 0
		l.apply(now, c, c.machine.Consume(now, int(n), l.outputs[:0]))
	}
}

// abort resets a connection.
func (l *loop) abort(now time.Time, c *Conn) {
	c.mu.Lock()
	c.aborted = true
	c.mu.Unlock()
	l.attend(now, c)
}
