package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// tellsFlags makes a recvmsg check its msg_flags, if the script says any: TCP sets
// none but with what is not supported.
func (a *args) tellsFlags(flags *script.Expr, c *pendingCall) *pendingCall {
	if flags == nil || flags.Kind == script.Ellipsis {
		return c
	}
	want := a.number(flags)
	c.check = func(socket.Result) error {
		if want != 0 {
			return failf("recvmsg tells msg_flags=0, expected %#x", want)
		}
		return nil
	}
	return c
}
