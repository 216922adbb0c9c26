package endpoint

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"tfocraft/handshake"
	"tfocraft/wire"
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
		if e, ok := errors.AsType[*handshake.UnreachableError](err); ok {
			return &unreachableError{icmpErrno(e), e}
		}
		return syscall.EHOSTUNREACH
	case errors.Is(err, handshake.ErrAborted):
		return net.ErrClosed
	}
	return err
}

// An unreachableError is the errno of an ICMP error, and tells which one it was.
type unreachableError struct {
	syscall.Errno
	cause *handshake.UnreachableError
}

// Unwrap returns both.
func (e *unreachableError) Unwrap() []error { return []error{e.Errno, e.cause} }

// What Linux makes of the codes of ICMP and ICMPv6 destination unreachable. Its
// ENONET for a host that is isolated (8) exists nowhere else.
var (
	unreachable4 = [...]syscall.Errno{
		0: syscall.ENETUNREACH, 1: syscall.EHOSTUNREACH, 2: syscall.ENOPROTOOPT, 3: syscall.ECONNREFUSED,
		4: syscall.EMSGSIZE, 5: syscall.EOPNOTSUPP, 6: syscall.ENETUNREACH, 7: syscall.EHOSTDOWN,
		8: syscall.EHOSTUNREACH, 9: syscall.ENETUNREACH, 10: syscall.EHOSTUNREACH, 11: syscall.ENETUNREACH,
		12: syscall.EHOSTUNREACH, 13: syscall.EHOSTUNREACH, 14: syscall.EHOSTUNREACH, 15: syscall.EHOSTUNREACH,
	}
	unreachable6 = [...]syscall.Errno{
		0: syscall.ENETUNREACH, 1: syscall.EACCES, 2: syscall.EHOSTUNREACH, 3: syscall.EHOSTUNREACH,
		4: syscall.ECONNREFUSED, 5: syscall.EACCES, 6: syscall.EACCES,
	}
)

// icmpErrno translates an ICMP error as Linux does.
func icmpErrno(e *handshake.UnreachableError) syscall.Errno {
	parameter, unreachable, codes := uint8(wire.ICMPv4Parameter), uint8(wire.ICMPv4Unreachable), unreachable4[:]
	if e.IPVersion == 6 {
		parameter, unreachable, codes = wire.ICMPv6Parameter, wire.ICMPv6Unreachable, unreachable6[:]
	}
	switch {
	case e.Type == parameter:
		return syscall.EPROTO
	case e.Type == unreachable && int(e.Code) < len(codes):
		return codes[e.Code]
	case e.Type == unreachable && e.IPVersion == 6:
		return syscall.EPROTO
	}
	return syscall.EHOSTUNREACH
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
