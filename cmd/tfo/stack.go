package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"tfocraft/handshake/endpoint"
)

// shutdownTime bounds how long a command waits for its connections to close in
// order once it is done.
const shutdownTime = 3 * time.Second

// lingerTime is the TIME-WAIT of a command. It answers copies of the peer's
// last segments that crossed our last acknowledgment, and nobody notices it.
// The kernel answers what comes later, once the guard is gone, with a reset.
const lingerTime = 50 * time.Millisecond

// openStack starts an endpoint on an interface. The stack closes the guard, and
// the observer stays the caller's. Ports may be shared with other stacks; nil
// leaves them to the stack.
func openStack(ifname string, ports endpoint.Ports, guard *portGuard, ob *observer, receiving receiveFlags) (*guardedStack, error) {
	c := endpoint.Config{Ports: ports}
	receiving.set(&c)
	stacks, err := openShards(ifname, 1, c, guard, ob)
	if err != nil {
		return nil, err
	}
	return &guardedStack{Stack: stacks[0], guard: guard}, nil
}

// openShards starts endpoints that share what comes by an interface.
func openShards(ifname string, n int, c endpoint.Config, guard *portGuard, ob *observer) ([]*endpoint.Stack, error) {
	c.Capture, c.Trace = ob.frame(), ob.segment()
	if guard != nil {
		c.Guard = guard
	}
	return endpoint.OpenShards(ifname, n, c)
}

// A guardedStack is a stack that ends with its guard.
type guardedStack struct {
	*endpoint.Stack
	guard *portGuard
}

// shutdown waits for orderly closes, and then removes the guard: not before,
// or the kernel would reset what is left.
func (s *guardedStack) shutdown() error {
	return errors.Join(shutdown(s.Stack), s.guard.close())
}

// shutdown waits for orderly closes. Stacks that share an interface are closed when all
// are done.
func shutdown(stacks ...*endpoint.Stack) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var draining sync.WaitGroup
	for _, s := range stacks {
		// A peer that does not close its side is its own affair.
		draining.Go(func() { _ = s.Drain(ctx) })
	}
	draining.Wait()
	var errs []error
	for _, s := range stacks {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
