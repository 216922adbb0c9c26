package drill

import (
	"net/netip"
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// A caller turns a call of a script into one of the host.
type caller func(p *player, a *args) *pendingCall

// callers are the calls that are supported, by their names.
var callers = map[string]caller{
	"socket": func(p *player, a *args) *pendingCall {
		return opens(p.host.Socket(a.int(0, p.family()), a.int(1, socket.SOCK_STREAM), a.int(2, 0)))
	},
	"bind":     bind,
	"listen":   listen,
	"accept":   func(p *player, a *args) *pendingCall { return opens(p.host.Accept(a.fd(0), 0)) },
	"accept4":  func(p *player, a *args) *pendingCall { return opens(p.host.Accept(a.fd(0), a.int(3, 0))) },
	"connect":  connect,
	"close":    func(p *player, a *args) *pendingCall { return plain(p.host.CloseFile(a.fd(0))) },
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
	"getsockname": func(p *player, a *args) *pendingCall { return plain(p.host.Name(a.fd(0), false)) },
	"getpeername": func(p *player, a *args) *pendingCall { return plain(p.host.Name(a.fd(0), true)) },
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

func (p *player) server() netip.AddrPort { return p.remotePort(livePort) }

func bind(p *player, a *args) *pendingCall {
	to, _ := a.address(1, p.localPort(p.nextBind))
	p.nextBind++
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

func (p *player) send(a *args, n, flags int, to netip.AddrPort) *pendingCall {
	if a.err != nil || n < 0 || n > 1<<28 {
		return plain(nil)
	}
	return plain(p.host.Send(a.fd(0), make([]byte, n), flags, to))
}

func sendto(p *player, a *args) *pendingCall {
	to := netip.AddrPort{}
	if len(a.call.Args) > 4 && (a.at(4).Kind != script.Integer && a.at(4).Text != "NULL") {
		to, _ = a.address(4, p.server())
	}
	return p.send(a, a.int(2, 0), a.int(3, 0), to)
}

func sendmsg(p *player, a *args) *pendingCall {
	f := fieldsOf(a.at(1))
	n, to := 0, netip.AddrPort{}
	if v := f["msg_iov"]; v != nil {
		n = a.vector(v)
	}
	if f["msg_name"] != nil {
		to = p.server()
	}
	return p.send(a, n, a.int(2, 0), to)
}

func recvmsg(p *player, a *args) *pendingCall {
	f := fieldsOf(a.at(1))
	flags := a.int(2, 0)
	if v := f["msg_control"]; v != nil && v.Kind == script.Array && len(v.Args) > 0 || flags&msgErrQueue != 0 {
		a.err = unsupportedf("control messages and the queue of errors are not supported")
		return plain(nil)
	}
	n := 0
	if v := f["msg_iov"]; v != nil {
		n = a.vector(v)
	}
	return plain(p.host.Receive(a.fd(0), n, flags))
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

// milliseconds is a timeout of poll and its like.
func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func poll(p *player, a *args) *pendingCall {
	var fds []socket.PollFD
	var want []int
	for i := range a.at(0).Args {
		f := fieldsOf(&a.at(0).Args[i])
		fd, events, revents := f["fd"], f["events"], f["revents"]
		if fd == nil || events == nil {
			a.err = failf("poll needs {fd=..., events=..., revents=...}")
			return plain(nil)
		}
		fds = append(fds, socket.PollFD{FD: p.fd(a.number(fd)), Events: a.number(events)})
		if revents == nil || revents.Kind == script.Ellipsis {
			want = append(want, -1)
			continue
		}
		want = append(want, a.number(revents))
	}
	c := plain(p.host.Poll(fds, milliseconds(a.int(2, -1))))
	c.check = func(r socket.Result) error {
		for i, n := range r.Ready {
			if want[i] >= 0 && want[i] != n {
				return failf("poll tells revents=%#x for fd=%d, expected %#x", n, fds[i].FD, want[i])
			}
		}
		return nil
	}
	return c
}

// event reads struct epoll_event.
func (a *args) event(e *script.Expr) socket.EpollEvent {
	f := fieldsOf(e)
	var v socket.EpollEvent
	if events := f["events"]; events != nil {
		v.Events = uint32(a.number(events))
	}
	for _, name := range []string{"fd", "ptr", "u32", "u64"} {
		if data := f[name]; data != nil {
			v.Data = int64(a.number(data))
		}
	}
	return v
}

func epollCtl(p *player, a *args) *pendingCall {
	var event socket.EpollEvent
	if a.has(3) && a.at(3).Kind != script.Symbol {
		event = a.event(a.at(3))
	}
	return plain(p.host.EpollControl(a.fd(0), a.int(1, 0), a.fd(2), event))
}

func epollWait(p *player, a *args) *pendingCall {
	c := plain(p.host.EpollWait(a.fd(0), a.int(2, 1), milliseconds(a.int(3, -1))))
	list := a.at(1)
	if list.Kind == script.Ellipsis {
		return c
	}
	events := []script.Expr{*list}
	if list.Kind == script.Array {
		events = list.Args
	}
	c.check = func(r socket.Result) error {
		for i, got := range r.Events {
			if i >= len(events) {
				break
			}
			if want := a.event(&events[i]); want != got {
				return failf("epoll_wait tells events=%#x data=%d, expected events=%#x data=%d", got.Events, got.Data, want.Events, want.Data)
			}
		}
		return nil
	}
	return c
}
