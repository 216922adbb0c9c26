package drill

import (
	"net/netip"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// maxSend is the most that one call may send: what is more than any send buffer.
const maxSend = 64 << 20

// sendFlags are those that are played, and one that changes nothing that a script
// sees.
const sendFlags = socket.MSG_DONTWAIT | socket.MSG_FASTOPEN | socket.MSG_MORE | socket.MSG_ZEROCOPY | socket.MSG_NOSIGNAL | socket.MSG_EOR | socket.MSG_OOB |
	socket.NullBuffer

// checkSend names what is not supported of a send.
func (a *args) checkSend(n, flags int) error {
	if n < 0 || n > maxSend {
		a.fail(unsupportedf("%s of %d bytes is not supported: up to %d are", a.call.Name, n, maxSend))
	}
	if other := flags &^ sendFlags; other != 0 {
		a.fail(unsupportedf("%s with the flags %#x is not supported", a.call.Name, other))
	}
	return a.err
}

func (p *player) send(a *args, n, flags int, to netip.AddrPort) *pendingCall {
	if a.checkSend(n, flags) != nil {
		return plain(nil)
	}
	return plain(p.host.Send(a.fd(0), make([]byte, n), flags, to))
}

// write is send without flags, to any file.
func (p *player) write(a *args, n, flags int) *pendingCall {
	if a.checkSend(n, flags) != nil {
		return plain(nil)
	}
	return plain(p.host.Write(a.fd(0), make([]byte, n), flags))
}

func write(p *player, a *args) *pendingCall { return p.write(a, a.int(2, 0), a.bufferFlag(1)) }

func send(p *player, a *args) *pendingCall {
	return p.send(a, a.int(2, 0), a.int(3, 0)|a.bufferFlag(1), netip.AddrPort{})
}

func writev(p *player, a *args) *pendingCall {
	n, e := a.vectorOf(1, 2)
	if e != "" {
		return a.refused(e)
	}
	return p.write(a, n, 0)
}

func sendto(p *player, a *args) *pendingCall {
	to := netip.AddrPort{}
	flags := a.int(3, 0)
	if len(a.call.Args) > 4 && !a.null(4) {
		bad := a.badAddress(4)
		if bad != "" && (flags&socket.MSG_FASTOPEN != 0 || a.badLengthOnly(5)) {
			return a.refused(bad)
		}
		var unspec bool
		if to, unspec = a.address(4, p.server()); unspec {
			to = socket.Unspec
		}
	}
	return p.send(a, a.int(2, 0), flags|a.bufferFlag(1), to)
}

func sendmsg(p *player, a *args) *pendingCall {
	if a.null(1) {
		return a.refused(socket.EFAULT)
	}
	f := fieldsOf(a.at(1))
	n, to := 0, netip.AddrPort{}
	if v := f["msg_iov"]; v != nil {
		n = a.vector(v)
		if pieces := len(v.Args); pieces > socket.MaxFragments && a.int(2, 0)&socket.MSG_ZEROCOPY != 0 {
			a.fail(unsupportedf("MSG_ZEROCOPY of %d pieces is not supported: a packet of Linux has room for %d", pieces, socket.MaxFragments))
		}
	}
	if name := f["msg_name"]; name != nil && name.Text != "NULL" {
		to, _ = a.addressIn(name, p.server())
	}
	stamping, has := a.stamping(f["msg_control"])
	if flags := a.int(2, 0); has && a.checkSend(n, flags) == nil {
		return plain(p.host.SendStamped(a.fd(0), make([]byte, n), flags, to, stamping))
	}
	return p.send(a, n, a.int(2, 0), to)
}

// stamping is what the control message of a sendmsg says, which is the only one that is
// supported.
func (a *args) stamping(list *script.Expr) (flags int, has bool) {
	if list == nil || list.Kind != script.Array || len(list.Args) == 0 {
		return 0, false
	}
	f := fieldsOf(&list.Args[0])
	level, kind, data := f["cmsg_level"], f["cmsg_type"], f["cmsg_data"]
	if len(list.Args) > 1 || level == nil || kind == nil || data == nil ||
		a.number(level) != socket.SOL_SOCKET || a.number(kind) != socket.SO_TIMESTAMPING {
		a.fail(unsupportedf("sendmsg with control messages other than one SO_TIMESTAMPING is not supported"))
		return 0, false
	}
	return a.number(data), true
}

// mostVectors is UIO_MAXIOV.
const mostVectors = 1024

// vectorOf is the length of what a vector and the number of its elements describe.
func (a *args) vectorOf(vector, number int) (int, socket.Errno) {
	switch elements := a.int(number, 0); {
	case elements < 0 || elements > mostVectors:
		return 0, socket.EINVAL
	case elements == 0:
		return 0, ""
	case a.null(vector):
		return 0, socket.EFAULT
	}
	return a.vector(a.at(vector)), ""
}
