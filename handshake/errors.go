package handshake

import "errors"

// Why a connection ended other than in an orderly way. They arrive in the
// ChangeState output that leads to Closed and in [Machine.Err].
var (
	ErrRefused     = errors.New("handshake: connection refused")
	ErrReset       = errors.New("handshake: connection reset by peer")
	ErrTimeout     = errors.New("handshake: peer does not answer")
	ErrUnreachable = errors.New("handshake: destination unreachable")
	ErrAborted     = errors.New("handshake: connection aborted")
)

// An UnreachableError is an [ErrUnreachable] that tells which ICMP error has
// ended the connection.
type UnreachableError struct {
	IPVersion  uint8 // 4 or 6: which numbers Type and Code follow
	Type, Code uint8
}

func (e *UnreachableError) Error() string { return ErrUnreachable.Error() }

// Unwrap returns [ErrUnreachable].
func (e *UnreachableError) Unwrap() error { return ErrUnreachable }
