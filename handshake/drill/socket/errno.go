package socket

import (
	"errors"
	"io"
	"net"
	"syscall"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// An Errno is the name of an error of a socket call, such as "EAGAIN"; empty
// means that there was none. Names are the same on all systems, numbers are not.
type Errno string

// The errors that calls here can have.
const (
	EACCES        Errno = "EACCES"
	EAGAIN        Errno = "EAGAIN"
	EADDRINUSE    Errno = "EADDRINUSE"
	EADDRNOTAVAIL Errno = "EADDRNOTAVAIL"
	EAFNOSUPPORT  Errno = "EAFNOSUPPORT"
	EALREADY      Errno = "EALREADY"
	EBADF         Errno = "EBADF"
	ECONNABORTED  Errno = "ECONNABORTED"
	ECONNREFUSED  Errno = "ECONNREFUSED"
	ECONNRESET    Errno = "ECONNRESET"
	EDESTADDRREQ  Errno = "EDESTADDRREQ"
	EEXIST        Errno = "EEXIST"
	EFAULT        Errno = "EFAULT"
	EHOSTDOWN     Errno = "EHOSTDOWN"
	EHOSTUNREACH  Errno = "EHOSTUNREACH"
	EINPROGRESS   Errno = "EINPROGRESS"
	EINVAL        Errno = "EINVAL"
	EISCONN       Errno = "EISCONN"
	EMSGSIZE      Errno = "EMSGSIZE"
	ENETUNREACH   Errno = "ENETUNREACH"
	ENOENT        Errno = "ENOENT"
	ENOMSG        Errno = "ENOMSG"
	ENONET        Errno = "ENONET"
	ENOPROTOOPT   Errno = "ENOPROTOOPT"
	ENOTCONN      Errno = "ENOTCONN"
	ENOTSOCK      Errno = "ENOTSOCK"
	ENOTTY        Errno = "ENOTTY"
	EOPNOTSUPP    Errno = "EOPNOTSUPP"
	EPIPE         Errno = "EPIPE"
	EPROTO        Errno = "EPROTO"

	EPROTONOSUPPORT Errno = "EPROTONOSUPPORT"

	ESOCKTNOSUPPORT Errno = "ESOCKTNOSUPPORT"

	ETIMEDOUT Errno = "ETIMEDOUT"
)

// numbers are Linux's, for SO_ERROR.
var numbers = map[Errno]int{
	"": 0, EACCES: 13, EAGAIN: 11, EADDRINUSE: 98, EADDRNOTAVAIL: 99, EAFNOSUPPORT: 97, EALREADY: 114, EBADF: 9,
	ECONNABORTED: 103, ECONNREFUSED: 111, ECONNRESET: 104, EDESTADDRREQ: 89, EEXIST: 17, EFAULT: 14,
	EHOSTDOWN: 112, EHOSTUNREACH: 113, EINPROGRESS: 115, EINVAL: 22, EISCONN: 106, EMSGSIZE: 90, ENETUNREACH: 101,
	ENOENT: 2, ENOMSG: 42, ENONET: 64, ENOPROTOOPT: 92, ENOTCONN: 107, ENOTSOCK: 88, ENOTTY: 25, ESOCKTNOSUPPORT: 94, EOPNOTSUPP: 95, EPIPE: 32, EPROTO: 71, EPROTONOSUPPORT: 93, ETIMEDOUT: 110,
}

// Number returns Linux's number of the error, which is what SO_ERROR gives.
func (e Errno) Number() int { return numbers[e] }

// byCause is how errors of the endpoint are told; the first that fits counts.
var byCause = []struct {
	cause error
	errno Errno
}{
	{syscall.EAGAIN, EAGAIN}, {syscall.EADDRINUSE, EADDRINUSE}, {syscall.ECONNREFUSED, ECONNREFUSED},
	{syscall.ECONNRESET, ECONNRESET}, {syscall.ETIMEDOUT, ETIMEDOUT}, {syscall.EHOSTUNREACH, EHOSTUNREACH},
	{syscall.ENETUNREACH, ENETUNREACH}, {syscall.ENOPROTOOPT, ENOPROTOOPT}, {syscall.EPIPE, EPIPE},
	{syscall.EMSGSIZE, EMSGSIZE}, {syscall.EACCES, EACCES}, {syscall.EHOSTDOWN, EHOSTDOWN},
	{syscall.EOPNOTSUPP, EOPNOTSUPP}, {syscall.EPROTO, EPROTO}, {net.ErrClosed, ECONNABORTED}, {io.EOF, ""},
}

// isolated is the ICMP error with an errno that only Linux has.
var isolated = handshake.UnreachableError{IPVersion: 4, Type: wire.ICMPv4Unreachable, Code: 8}

// errnoOf names an error of the endpoint.
func errnoOf(err error) Errno {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*handshake.UnreachableError](err); ok && *e == isolated {
		return ENONET
	}
	for _, c := range byCause {
		if errors.Is(err, c.cause) {
			return c.errno
		}
	}
	return EINVAL
}
