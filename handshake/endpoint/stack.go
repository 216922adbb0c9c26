package endpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/ring"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// A Stack is one link with the connections over it. Its methods may be called
// from any goroutine.
type Stack struct {
	config Config
	log    *slog.Logger
	isn    handshake.ISNGenerator
	mtu    int
	burst  int // payload that the link cuts into segments; 0 if it does not
	ports  *portTable
	mail   *mailbox
	loop   *loop
	clock  func() time.Time
	alone  bool // no kernel beside it answers for ports that are not in use

	buffers ring.Pool

	began      time.Time     // what timing counts from
	done       chan struct{} // closed when the loop has ended
	background sync.WaitGroup
	owned      []io.Closer // what Open has opened
	disown     sync.Once
}

// minMTU is the smallest MTU that IPv4 can do with (RFC 791, Section 3.2). Segments
// over IPv6 have room for some data in it, too.
const minMTU = 68

// New starts a stack on a link of the caller's. Whoever calls it calls Close
// or Shutdown in the end.
func New(c Config) (*Stack, error) {
	s, err := newStack(time.Now(), c)
	if err != nil {
		return nil, err
	}
	go s.loop.run()
	return s, nil
}

// newStack returns a stack whose loop does not run yet.
func newStack(now time.Time, c Config) (*Stack, error) {
	if c.Link == nil {
		return nil, errors.New("endpoint: Config.Link is not set")
	}
	var setter link.FilterSetter
	if c.SetFilter {
		var ok bool
		if setter, ok = c.Link.(link.FilterSetter); !ok {
			return nil, fmt.Errorf("endpoint: Config.SetFilter: this link has no filter: %w", errors.ErrUnsupported)
		}
	}
	if mtu := c.Link.MTU(); mtu < minMTU {
		return nil, fmt.Errorf("endpoint: Config.Link has an MTU of %d, want %d at least (RFC 791)", mtu, minMTU)
	}
	if c.Capture != nil {
		c.Link = link.Tee(c.Link, c.Capture)
	}
	if c.Secret == [16]byte{} {
		rand.Read(c.Secret[:])
	}
	if c.Ephemeral == (link.PortRange{}) {
		c.Ephemeral = defaultEphemeral
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Stack{
		config: c,
		log:    c.Logger,
		isn:    handshake.ISNGenerator{Secret: c.Secret},
		mtu:    c.Link.MTU(),
		ports:  newPortTable(&c, newSieve(setter, c.Local, c.Ephemeral)),
		mail:   &mailbox{link: c.Link},
		done:   make(chan struct{}),
		clock:  time.Now,
		began:  now,
	}
	s.loop = newLoop(now, s)
	s.loop.poller, _ = c.Link.(link.Poller)
	s.loop.queue.offload, s.burst = s.config.offloader()
	return s, nil
}

// Counters returns what the stack has counted so far.
func (s *Stack) Counters() Counters {
	var c Counters
	if s.mail.call(func(time.Time) { c = s.loop.count() }) != nil {
		<-s.done
		c = s.loop.count()
	}
	return c
}

// Close resets every connection and closes the link. A second Close does
// nothing.
func (s *Stack) Close() error {
	// An error means that the loop has ended already.
	_ = s.mail.call(func(now time.Time) { s.loop.stop(now) })
	<-s.done
	s.background.Wait()
	var errs []error
	s.disown.Do(func() {
		for _, c := range s.owned {
			errs = append(errs, c.Close())
		}
	})
	return errors.Join(errs...)
}

// Shutdown closes listeners and connections, waits until both sides of every
// connection have closed and TIME-WAIT is over, and then closes the stack. When
// ctx is done first, the connections that are left are reset and the error is
// that of ctx. How long TIME-WAIT takes is for Dialer.Machine and
// ListenConfig.Machine to say.
func (s *Stack) Shutdown(ctx context.Context) error { return errors.Join(s.Drain(ctx), s.Close()) }

// Drain is Shutdown that leaves it to the caller to close the stack: of stacks that share
// an interface the first to close would take its part of the connections along.
func (s *Stack) Drain(ctx context.Context) error {
	idle := make(chan struct{})
	if s.mail.call(func(now time.Time) { s.loop.drain(now, idle) }) != nil {
		return nil
	}
	select {
	case <-idle:
	case <-s.done:
	case <-ctx.Done():
		return fmt.Errorf("endpoint: connections were left at shutdown: %w", context.Cause(ctx))
	}
	return nil
}

// giveBack ends one use of a claim; the last use releases it.
func (s *Stack) giveBack(c *claim) {
	if c.drop() {
		s.release(c)
	}
}

// drop is giveBack for the loop, and for nobody else: it releases in the
// background, as a firewall rule may take a while to remove.
func (s *Stack) drop(c *claim) {
	switch {
	case !c.drop():
	case s.mail.stepped(): // there is no background
		s.release(c)
	default:
		s.background.Go(func() { s.release(c) })
	}
}

func (s *Stack) release(c *claim) {
	if err := c.release(); err != nil {
		s.log.Warn("endpoint: release a port", "error", err)
	}
}

// trace shows a segment to whoever wants to see it.
func (s *Stack) trace(at time.Time, outgoing bool, p *wire.Packet) {
	if s.config.Trace != nil {
		s.config.Trace(at, outgoing, p)
	}
}
