package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

func recvmsg(p *player, a *args) *pendingCall {
	if a.null(1) {
		return a.refused(socket.EFAULT)
	}
	f := fieldsOf(a.at(1))
	n := 0
	if v := f["msg_iov"]; v != nil {
		n = a.vector(v)
	}
	c := plain(p.host.Receive(a.fd(0), n, a.int(2, 0)))
	due := p.venue.elapsed
	c.check = func(r socket.Result) error {
		room := f["msg_control"]
		if room == nil && len(r.Control) > 0 {
			r.Flags |= socket.MSG_CTRUNC // there is nowhere to put them
		}
		if want := f["msg_flags"]; want != nil && want.Kind != script.Ellipsis {
			if n := a.number(want); a.err == nil && n != r.Flags {
				return failf("recvmsg tells msg_flags=%#x, expected %#x", r.Flags, n)
			}
		}
		if room != nil && room.Kind == script.Array && a.err == nil {
			return a.controls(room, r.Control, p.slack(due()))
		}
		return a.err
	}
	return c
}
