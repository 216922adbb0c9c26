package scenario

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// shutdownTime bounds the wait for connections to close in order at the end.
const shutdownTime = 3 * time.Second

// A stack is an endpoint of ours on a host, with the guard that keeps that host's kernel quiet.
type stack struct {
	*endpoint.Stack
	guard *iptables.Guard
}

// stack returns our endpoint on a host, and starts it if there is none. A server's guard keeps segments from the
// kernel; a client's stops its resets.
func (s *Scene) stack(host *lab.Host, mode iptables.Mode) *stack {
	if st := s.stacks[host]; st != nil || s.over() {
		return st
	}
	st := new(stack)
	err := host.Do(func() (err error) {
		if st.guard, err = iptables.Open(s.ctx, iptables.Config{}); err != nil {
			return err
		}
		// NoOffload keeps every frame as it is on a wire.
		st.Stack, err = endpoint.Open(host.Interface, endpoint.Config{Guard: guard{st.guard, mode}, NoOffload: true})
		if err != nil {
			return errors.Join(err, st.guard.Close())
		}
		return nil
	})
	if err != nil {
		s.fail(err)
		return nil
	}
	s.stacks[host] = st
	s.atEnd(st.close)
	return st
}

// close waits for orderly closes, and removes the guard then: not before, or the kernel would reset what is left.
func (st *stack) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	err := st.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // a peer that does not close its side is its own affair
	}
	return errors.Join(err, st.guard.Close())
}

// timeWait is that of our connections: enough for copies of the peer's last segments, and nobody waits for it.
func (s *Scene) timeWait() time.Duration { return 50*time.Millisecond + 2*s.RTT }

// A guard is an [iptables.Guard] as package endpoint wants one.
type guard struct {
	*iptables.Guard
	mode iptables.Mode
}

// Protect implements [endpoint.Guard].
func (g guard) Protect(local, remote netip.AddrPort) (release func() error, err error) {
	scope := iptables.Scope{Local: local, Remote: remote, Mode: g.mode}
	if err := g.Add(scope); err != nil {
		return nil, err
	}
	return func() error { return g.Remove(scope) }, nil
}
