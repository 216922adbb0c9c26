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
