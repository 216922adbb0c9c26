package socket

import (
	"context"
	"net"
	"net/netip"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// Bind is bind(2). Without a port it takes a free one.
func (h *Host) Bind(fd int, local netip.AddrPort) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case s.local.IsValid() || s.conn != nil || s.listener != nil:
		return failed(EINVAL)
	case local.Addr() != h.config.Local:
		return failed(EADDRNOTAVAIL)
	}
	s.local = local
	return status("")
}

// somaxconn is net.core.somaxconn, the most that a backlog can be.
const somaxconn = 4096

// Listen is listen(2). A listener holds one connection more than its backlog, as
// in Linux.
func (h *Host) Listen(fd, backlog int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case s.conn != nil:
		return failed(EINVAL)
	case s.listener != nil:
		s.relisten(backlog)
		return status("")
	}
	if !s.local.IsValid() {
		s.local = netip.AddrPortFrom(h.config.Local, 0)
	}
	length := queueLength(backlog)
	if s.options.fastOpenQueue == 0 && h.settings.fastOpen&(serverEnable|serverAlways) == serverEnable|serverAlways {
		s.options.fastOpenQueue = length // __inet_listen_sk
	}
	lc := &endpoint.ListenConfig{
		Stack: h.stepper.Stack(), Backlog: somaxconn + 1, FastOpen: s.gate(),
		SynCookies: h.settings.synCookies, IPHeader: s.ipHeader(), Machine: s.options.machine(&h.settings),
	}
	ln, err := lc.Listen(context.Background(), "tcp", s.local.String())
	if err != nil {
		return failed(errnoOf(err))
	}
	s.listener = ln
	s.relisten(backlog)
	return status("")
}

// queueLength is what listen(2) makes of a backlog: a negative one is the largest.
func queueLength(backlog int) int { return int(min(uint32(backlog), somaxconn)) }

// relisten changes how many connections may wait.
func (s *socket) relisten(backlog int) {
	s.backlog = queueLength(backlog)
	// An error means that the listener is closed.
	_ = s.listener.SetBacklog(s.backlog + 1)
}

// gate is what the settings and the socket's options make of Fast Open on a
// listener.
func (s *socket) gate() handshake.GateConfig {
	bits := s.host.settings.fastOpen
	g := handshake.GateConfig{
		Enabled:         bits&serverEnable != 0 && s.options.fastOpenQueue > 0,
		CookieNotNeeded: s.options.noCookie || bits&serverNoCookie != 0,
		MaxPending:      s.options.fastOpenQueue,
		Keyring:         s.options.keyring,
	}
	if g.Keyring == nil {
		g.Keyring = s.host.global
	}
	return g
}

// regate makes the listener use what has changed.
func (s *socket) regate() {
	if s.listener != nil {
		// An error means that it is closed.
		_ = s.listener.SetFastOpen(s.gate())
	}
}

// Accept is accept4(2).
func (h *Host) Accept(fd, flags int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case flags&^(SOCK_NONBLOCK|SOCK_CLOEXEC) != 0 || s.listener == nil:
		return failed(EINVAL)
	}
	at := s.expiry(s.options.receiveTimeout)
	return func() (Result, bool) {
		conn, err := s.listener.TryAccept()
		switch e := errnoOf(err); {
		case e == "":
			return s.accepted(conn, flags), true
		case e != EAGAIN || !s.waits(0) || s.expired(at):
			return fail(e), true
		}
		return Result{}, false
	}
}

func (s *socket) accepted(conn *endpoint.Conn, flags int) Result {
	child := &socket{
		host: s.host, ipv6: s.ipv6, nonblock: flags&SOCK_NONBLOCK != 0,
		local: addrPort(conn.LocalAddr()), conn: conn, told: true, served: true, options: s.options,
	}
	child.apply()
	return Result{Value: s.host.install(&file{socket: child, descriptorFlags: descriptorFlags(flags)}), Addr: addrPort(conn.RemoteAddr())}
}

// addrPort returns the address of a connection of the endpoint.
func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
