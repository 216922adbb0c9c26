package endpoint

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"tfocraft/handshake"
)

// A HandshakeError is what a failed dial knows about the way it went. It is
// the Err of the [net.OpError] that [Dialer.DialContext] returns, once there
// was a connection to fail.
type HandshakeError struct {
	Err    error
	Info   handshake.Info
	Timing Timing
}

func (e *HandshakeError) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// Timeout tells [net.OpError] whether time ran out.
func (e *HandshakeError) Timeout() bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.Err)
	return ok && t.Timeout()
}

// errno translates why a machine ended to what a socket would say.
func errno(err error) error {
	switch {
	case errors.Is(err, handshake.ErrRefused):
		return syscall.ECONNREFUSED
	case errors.Is(err, handshake.ErrReset):
		return syscall.ECONNRESET
	case errors.Is(err, handshake.ErrTimeout):
		return syscall.ETIMEDOUT
	case errors.Is(err, handshake.ErrUnreachable):
		return syscall.EHOSTUNREACH
	case errors.Is(err, handshake.ErrAborted):
		return net.ErrClosed
	}
	return err
}

// contextError translates the error of a context that is done.
func contextError(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return timeoutError{}
	}
	return err
}

// A timeoutError ends a dial whose context has run out of time. It is both what
// methods of a net.Conn return and what package net's Dialer does.
type timeoutError struct{}

var _ net.Error = timeoutError{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// Is makes a timeoutError equal to the two.
func (timeoutError) Is(err error) bool {
	return err == os.ErrDeadlineExceeded || err == context.DeadlineExceeded
}

// opError wraps err as methods of package net do.
func opError(op string, local, remote netip.AddrPort, err error) error {
	e := &net.OpError{Op: op, Net: "tcp", Err: err}
	if local.IsValid() {
		e.Source = net.TCPAddrFromAddrPort(local)
	}
	if remote.IsValid() {
		e.Addr = net.TCPAddrFromAddrPort(remote)
	}
	return e
}
