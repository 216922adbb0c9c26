package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

func open(p *player, a *args) *pendingCall {
	if a.null(0) {
		return plain(socket.Fail(socket.EFAULT))
	}
	if a.at(0).Kind != script.String {
		a.fail(unsupportedf("open of a file without a name is not supported"))
		return plain(nil)
	}
	return opens(p.host.Open(a.at(0).Text, a.int(1, 0)))
}

// pipe stores the two descriptors where the script says which numbers they have.
func pipe(p *player, a *args) *pendingCall {
	ends := a.at(0)
	switch {
	case a.null(0):
		return plain(socket.Fail(socket.EFAULT))
	case len(a.call.Args) > 1 && a.int(1, 0)&^(socket.O_NONBLOCK|socket.SOCK_CLOEXEC) != 0:
		return plain(socket.Fail(socket.EINVAL))
	case ends.Kind != script.Array || len(ends.Args) != 2:
		a.fail(failf("pipe needs two descriptors, [3, 4]"))
		return plain(nil)
	}
	r, w := p.host.Pipe(a.optional(1))
	p.open(&ends.Args[0], r)
	p.open(&ends.Args[1], w)
	return plain(socket.Value(0))
}

func splice(p *player, a *args) *pendingCall {
	for _, i := range []int{1, 3} {
		if a.has(i) && !a.null(i) {
			a.fail(unsupportedf("splice with an offset is not supported"))
		}
	}
	return plain(p.host.Splice(a.fd(0), a.fd(2), a.int(4, 0), a.int(5, 0)))
}

func sendfile(p *player, a *args) *pendingCall {
	var offset *int
	if a.has(2) && !isNull(a.at(2)) || a.at(2).Kind == script.Array {
		n := a.element(2)
		offset = &n
	}
	n := a.int(3, 0)
	if n < 0 || n > maxSend {
		a.fail(unsupportedf("sendfile of %d bytes is not supported: up to %d are", n, maxSend))
		return plain(nil)
	}
	return plain(p.host.SendFile(a.fd(0), a.fd(1), offset, n))
}
