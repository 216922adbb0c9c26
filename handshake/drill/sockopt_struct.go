package drill

import (
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// getStruct is getsockopt of an option that is more than a number; nil if it is none.
func (p *player) getStruct(a *args, level, name int) *pendingCall {
	want := a.at(3)
	var check func(fd int) error
	switch key := [2]int{level, name}; key {
	case [2]int{socket.SOL_SOCKET, socket.SO_LINGER}:
		check = func(fd int) error {
			on, seconds := p.host.Linger(fd)
			return a.sameStruct(want, [2]int{on, seconds})
		}
	case [2]int{socket.SOL_SOCKET, socket.SO_RCVTIMEO}, [2]int{socket.SOL_SOCKET, socket.SO_SNDTIMEO}:
		check = func(fd int) error {
			d := p.host.Timeout(fd, name)
			return a.sameStruct(want, [2]int{int(d / time.Second), int(d % time.Second / time.Microsecond)})
		}
	case [2]int{socket.SOL_TCP, socket.TCP_CONGESTION}:
		check = func(fd int) error {
			if got := p.host.CongestionName(fd); want.Kind != script.Ellipsis && want.Text != got {
				return failf("getsockopt tells %q, expected %q", got, want.Text)
			}
			return nil
		}
	case [2]int{socket.SOL_TCP, socket.TCP_SAVED_SYN}:
		return plain(p.host.SavedSyn(a.fd(0), a.element(4)))
	default:
		return nil
	}
	c, fd := a.refused(""), a.fd(0)
	c.check = func(socket.Result) error { return check(fd) }
	return c
}

// sameStruct compares the two numbers of a struct such as linger or timeval.
func (a *args) sameStruct(want *script.Expr, got [2]int) error {
	if want.Kind == script.Ellipsis {
		return nil
	}
	if n := structOf(a, want); n != got && a.err == nil {
		return failf("getsockopt tells {%d, %d}, expected {%d, %d}", got[0], got[1], n[0], n[1])
	}
	return a.err
}
