package drill

import (
	"net/netip"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// A caller turns a call of a script into one of the host.
type caller func(p *player, a *args) *pendingCall

// callers are the calls that are supported, by their names.
var callers = map[string]caller{
	"socket": newSocket,
	"bind":   bind,
	"listen": listen,
	"accept": func(p *player, a *args) *pendingCall { return a.tells(1, opens(p.host.Accept(a.fd(0), 0))) },
	"accept4": func(p *player, a *args) *pendingCall {
		return a.tells(1, opens(p.host.Accept(a.fd(0), a.int(3, 0))))
	},
	"connect":  connect,
	"close":    closeFile,
	"shutdown": func(p *player, a *args) *pendingCall { return plain(p.host.Shutdown(a.fd(0), a.int(1, 0))) },
	"read":     func(p *player, a *args) *pendingCall { return plain(p.host.Receive(a.fd(0), a.int(2, 0), 0)) },
	"recv": func(p *player, a *args) *pendingCall {
		return plain(p.host.Receive(a.fd(0), a.int(2, 0), a.int(3, 0)))
	},
	"recvfrom": func(p *player, a *args) *pendingCall {
		return plain(p.host.Receive(a.fd(0), a.int(2, 0), a.int(3, 0)))
	},
	"readv": func(p *player, a *args) *pendingCall {
		return plain(p.host.Receive(a.fd(0), a.vector(a.at(1)), 0))
	},
	"recvmsg": recvmsg,
	"write":   func(p *player, a *args) *pendingCall { return p.send(a, a.int(2, 0), 0, netip.AddrPort{}) },
	"send":    func(p *player, a *args) *pendingCall { return p.send(a, a.int(2, 0), a.int(3, 0), netip.AddrPort{}) },
	"sendto":  sendto,
	"writev":  func(p *player, a *args) *pendingCall { return p.send(a, a.vector(a.at(1)), 0, netip.AddrPort{}) },
	"sendmsg": sendmsg,
	"fcntl": func(p *player, a *args) *pendingCall {
		return plain(p.host.Fcntl(a.fd(0), a.int(1, 0), a.optional(2)))
	},
	"ioctl":       ioctl,
	"setsockopt":  setsockopt,
	"getsockopt":  getsockopt,
	"getsockname": func(p *player, a *args) *pendingCall { return a.tells(1, plain(p.host.Name(a.fd(0), false))) },
	"getpeername": func(p *player, a *args) *pendingCall { return a.tells(1, plain(p.host.Name(a.fd(0), true))) },
	"poll":        poll,

	"epoll_create":  func(p *player, _ *args) *pendingCall { return opens(p.host.EpollCreate()) },
	"epoll_create1": func(p *player, _ *args) *pendingCall { return opens(p.host.EpollCreate()) },
	"epoll_ctl":     epollCtl,
	"epoll_wait":    epollWait,
}

// prepare makes a call of the script ready to be made.
func (p *player) prepare(c *script.Call) (*pendingCall, error) {
	call := callers[c.Name]
	if call == nil {
		return nil, unsupportedf("the call %s is not supported", c.Name)
	}
	a := &args{call: c, player: p}
	pending := call(p, a)
	return pending, a.err
}

// plain is a call whose value is all that counts.
func plain(op socket.Op) *pendingCall { return &pendingCall{op: op} }

// opens is a call that returns a new descriptor.
func opens(op socket.Op) *pendingCall { return &pendingCall{op: op, opens: true} }

func (a *args) optional(i int) int {
	if !a.has(i) {
		return 0
	}
	return a.element(i)
}

func (p *player) family() int {
	if p.config.IPv6 {
		return socket.AF_INET6
	}
	return socket.AF_INET
}

func (p *player) server() netip.AddrPort { return p.remotePort(p.toPort) }

func closeFile(p *player, a *args) *pendingCall {
	op := p.host.CloseFile(a.fd(0))
	delete(p.fds, a.int(0, -1))
	return plain(op)
}

func bind(p *player, a *args) *pendingCall {
	to, _ := a.address(1, p.localPort(p.nextBind))
	if !p.bindFixed {
		p.nextBind++
	}
	if to.Addr().IsUnspecified() {
		to = p.localPort(to.Port())
	}
	return plain(p.host.Bind(a.fd(0), to))
}

// listen makes the next packet of the script that of a new connection.
func listen(p *player, a *args) *pendingCall {
	op := p.host.Listen(a.fd(0), a.int(1, 0))
	p.listening = true
	return plain(op)
}

func connect(p *player, a *args) *pendingCall {
	to, unspec := a.address(1, p.server())
	if unspec {
		return plain(p.host.Disconnect(a.fd(0)))
	}
	return plain(p.host.Connect(a.fd(0), to))
}

// maxSend is the most that one call may send: what is more than any send buffer.
const maxSend = 64 << 20

// sendFlags are those that are played, and two that change nothing that a script
// sees.
const sendFlags = socket.MSG_DONTWAIT | socket.MSG_FASTOPEN | socket.MSG_MORE | socket.MSG_ZEROCOPY | socket.MSG_NOSIGNAL | socket.MSG_EOR

func (p *player) send(a *args, n, flags int, to netip.AddrPort) *pendingCall {
	if n < 0 || n > maxSend {
		a.fail(unsupportedf("%s of %d bytes is not supported: up to %d are", a.call.Name, n, maxSend))
	}
	if other := flags &^ sendFlags; other != 0 {
		a.fail(unsupportedf("%s with the flags %#x is not supported", a.call.Name, other))
	}
	if a.err != nil {
		return plain(nil)
	}
	return plain(p.host.Send(a.fd(0), make([]byte, n), flags, to))
}

func sendto(p *player, a *args) *pendingCall {
	to := netip.AddrPort{}
	if len(a.call.Args) > 4 && (a.at(4).Kind != script.Integer && a.at(4).Text != "NULL") {
		var unspec bool
		if to, unspec = a.address(4, p.server()); unspec {
			to = socket.Unspec
		}
	}
	return p.send(a, a.int(2, 0), a.int(3, 0), to)
}

func sendmsg(p *player, a *args) *pendingCall {
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
	return p.send(a, n, a.int(2, 0), to)
}

func ioctl(p *player, a *args) *pendingCall {
	c := plain(p.host.Ioctl(a.fd(0), a.int(1, 0), a.optional(2)))
	if a.has(2) && a.int(1, 0) != socket.FIONBIO {
		want := a.element(2)
		c.check = func(r socket.Result) error { return sameOption("ioctl", want, r) }
	}
	return c
}

func sameOption(name string, want int, r socket.Result) error {
	if len(r.Option) > 0 && r.Option[0] != want {
		return failf("%s tells %d, expected %d", name, r.Option[0], want)
	}
	return nil
}
