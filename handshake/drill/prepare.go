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
	"read":     read,
	"recv":     recv,
	"recvfrom": recv,
	"readv":    readv,
	"recvmsg":  recvmsg,
	"write":    write,
	"send":     send,
	"sendto":   sendto,
	"writev":   writev,
	"sendmsg":  sendmsg,
	"open":     open,
	"pipe":     pipe,
	"pipe2":    pipe,
	"splice":   splice,
	"sendfile": sendfile,
	"fcntl": func(p *player, a *args) *pendingCall {
		return plain(p.host.Fcntl(a.fd(0), a.int(1, 0), a.optional(2)))
	},
	"ioctl":       ioctl,
	"setsockopt":  setsockopt,
	"getsockopt":  getsockopt,
	"getsockname": func(p *player, a *args) *pendingCall { return p.nameOf(a, false) },
	"getpeername": func(p *player, a *args) *pendingCall { return p.nameOf(a, true) },
	"poll":        poll,

	"epoll_create":  epollCreate,
	"epoll_create1": epollCreate1,
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
	if e := a.badAddress(1); e != "" {
		return a.refused(e)
	}
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
	if e := a.badAddress(1); e != "" {
		return a.refused(e)
	}
	to, unspec := a.address(1, p.server())
	if unspec {
		return plain(p.host.Disconnect(a.fd(0)))
	}
	return plain(p.host.Connect(a.fd(0), to))
}

// nameOf is getsockname, or getpeername of the peer. Without a connection it does not
// come to where it would store the name.
func (p *player) nameOf(a *args, peer bool) *pendingCall {
	op := p.host.Name(a.fd(0), peer)
	bad := a.badLength(1, 2)
	if bad == "" {
		return a.tells(1, plain(op))
	}
	return plain(func() (socket.Result, bool) {
		r, over := op()
		if over && r.Errno == "" {
			r = socket.Result{Value: -1, Errno: bad}
		}
		return r, over
	})
}

func ioctl(p *player, a *args) *pendingCall {
	if a.null(2) {
		return a.refused(socket.EFAULT)
	}
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
