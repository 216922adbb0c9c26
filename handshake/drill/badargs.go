package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// isNull reports whether an argument is a NULL pointer.
func isNull(e *script.Expr) bool {
	return e.Kind == script.Symbol && e.Text == "NULL" || e.Kind == script.Integer && e.Int == 0
}

func (a *args) null(i int) bool { return i < len(a.call.Args) && isNull(a.at(i)) }

// bufferFlag is [socket.NullBuffer] if the buffer of a call is NULL.
func (a *args) bufferFlag(i int) int {
	if a.null(i) {
		return socket.NullBuffer
	}
	return 0
}

// refused is a call that fails for what it was given, once its descriptor is known to
// be good.
func (a *args) refused(e socket.Errno) *pendingCall {
	return plain(a.player.host.Refuse(a.fd(0), e))
}

// The lengths of addresses that the kernel takes.
const (
	leastAddress4 = 16
	leastAddress6 = 24 // as in RFC 2133, without sin6_scope_id
	mostAddress   = 128
)

// badAddress says what is wrong with an address and the length behind it: nothing, if
// the script leaves them open.
func (a *args) badAddress(i int) socket.Errno {
	length := leastAddress6
	if a.has(i + 1) {
		length = a.element(i + 1)
	}
	least := leastAddress4
	if a.player.config.IPv6 {
		least = leastAddress6
	}
	f := fieldsOf(a.at(i))
	family := f["sa_family"]
	switch {
	case length < 0 || length > mostAddress:
		return socket.EINVAL
	case length == 0:
		return socket.EINVAL
	case a.null(i):
		return socket.EFAULT
	case isUnspec(a.at(i)) || family != nil && isUnspec(family):
		return ""
	case length < least:
		return socket.EINVAL
	case family == nil || family.Kind == script.Ellipsis:
		return ""
	}
	if n := a.number(family); n != socket.AF_INET && n != socket.AF_INET6 {
		return socket.EAFNOSUPPORT
	}
	return ""
}

func isUnspec(e *script.Expr) bool { return e.Kind == script.Symbol && e.Text == "AF_UNSPEC" }

// badLengthOnly reports whether a length of an address is none at all.
func (a *args) badLengthOnly(i int) bool {
	return a.has(i) && (a.element(i) < 0 || a.element(i) > mostAddress)
}

// badLength says what is wrong with where getsockname and its like store an address.
func (a *args) badLength(address, length int) socket.Errno {
	switch {
	case a.has(length) && a.at(length).Kind == script.Array && a.element(length) < 0:
		return socket.EINVAL
	case a.null(address) || a.null(length):
		return socket.EFAULT
	}
	return ""
}
