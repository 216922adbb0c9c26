package socket

import (
	"context"
	"net/netip"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// Connect is connect(2).
func (h *Host) Connect(fd int, to netip.AddrPort) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case s.listener != nil || s.told:
		return failed(EISCONN)
	case s.deferred.IsValid():
		return s.awaitConnected(0, nil, fail(EISCONN), connected)
	case s.conn != nil:
		return s.awaitConnected(0, nil, fail(EALREADY), connected)
	case s.options.fastOpenConnect && s.fastOpenReady(to):
		s.deferred = to
		return status("")
	}
	mode := handshake.ClientOff
	if s.options.fastOpenConnect {
		mode = s.clientMode()
	}
	if _, e := s.begin(to, mode, nil); e != "" {
		return failed(e)
	}
	return s.awaitConnected(0, nil, fail(EINPROGRESS), connected)
}

// connected is what a connect that does not write ends with.
func connected(int) Op { return status("") }

// unconnect makes the socket one that can be connected again, once a connect has
// told that it failed.
func (s *socket) unconnect() {
	s.conn, s.deferred = nil, netip.AddrPort{}
	s.served, s.told, s.ended, s.shutRead, s.shutWrite = false, false, false, false, false
}

// Disconnect is connect(2) to AF_UNSPEC: the connection is reset and the socket
// can be connected again.
func (h *Host) Disconnect(fd int) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	pending := s.err
	switch {
	case s.listener != nil:
		s.listener.Close()
	case s.deferred.IsValid():
		pending = ECONNRESET
	case s.conn != nil && !s.over():
		s.conn.Abort() // without the FIN that close sends
		pending = ECONNRESET
	}
	h.settle()
	s.unconnect()
	s.listener, s.local, s.err = nil, netip.AddrPort{}, pending
	return status("")
}

// begin sends a SYN with as much of data as it takes, and returns how much.
func (s *socket) begin(to netip.AddrPort, mode handshake.ClientMode, data []byte) (n int, e Errno) {
	h := s.host
	d := &endpoint.Dialer{
		Stack: h.stepper.Stack(), Source: s.local, FastOpen: mode, Cache: h.cookies(), Experimental: h.refusals[to.Addr()] == 1,
		IPHeader: s.ipHeader(), Machine: s.options.machine(&h.settings),
	}
	conn, n, err := d.Begin(context.Background(), to, data)
	if err != nil {
		return 0, errnoOf(err)
	}
	s.conn, s.err = conn, ""
	s.followUp.begin()
	s.applyBegun()
	h.settle()
	return n, ""
}

// clientMode is what the settings make of a wish for Fast Open.
func (s *socket) clientMode() handshake.ClientMode {
	if s.options.noCookie || s.host.settings.fastOpen&clientNoCookie != 0 {
		return handshake.ClientNoCookie
	}
	return handshake.ClientOn
}

// fastOpenReady reports whether a SYN to an address would carry data.
func (s *socket) fastOpenReady(to netip.AddrPort) bool {
	if s.clientMode() == handshake.ClientNoCookie {
		return true
	}
	hint, _ := s.host.cache.Lookup(s.host.now, s.host.path(to))
	return !hint.Cookie.IsZero()
}
