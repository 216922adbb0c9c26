package socket

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
)

// SetOption is setsockopt(2) with a number. An option that is not known here is
// ENOPROTOOPT, and Known tells it from one that Linux does not know either.
func (h *Host) SetOption(fd, level, name, n int) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	key := optionName{level, name}
	if force, ok := forced[key]; ok {
		key = force
	}
	kind, ok := kinds[key]
	switch {
	case !ok || kind.fixed:
		return failed(ENOPROTOOPT)
	case level == SOL_IPV6 && !s.ipv6:
		return failed(ENOPROTOOPT)
	case n < kind.min || n > kind.max:
		return failed(EINVAL)
	case kind.only != nil && !slices.Contains(kind.only, n):
		return unsupported(fmt.Sprintf("the value %d", n))
	}
	s.options.values = maps.Clone(s.options.values) // an accepted socket shares them
	if s.options.values == nil {
		s.options.values = make(map[optionName]int)
	}
	before, had := s.options.values[key]
	if kind.keep != nil {
		n = kind.keep(s, n)
	}
	s.options.values[key] = n
	if kind.change != nil {
		if e := kind.change(s, n); e != "" {
			if s.options.values[key] = before; !had {
				delete(s.options.values, key)
			}
			return failed(e)
		}
	}
	h.settle()
	return status("")
}

// forced are the options that set another one whatever the bounds for those without
// privileges are.
var forced = map[optionName]optionName{
	{SOL_SOCKET, SO_SNDBUFFORCE}: {SOL_SOCKET, SO_SNDBUF},
	{SOL_SOCKET, SO_RCVBUFFORCE}: {SOL_SOCKET, SO_RCVBUF},
}

// KnownOption reports whether SetOption and Option know an option.
func KnownOption(level, name int) bool {
	_, ok := kinds[optionName{level, name}]
	_, force := forced[optionName{level, name}]
	return ok || force
}

// onConn changes the connection, if there is one that is alive.
func (s *socket) onConn(change func() error) Errno {
	if s.conn == nil || s.over() {
		return ""
	}
	return errnoOf(change())
}

// SetLinger is setsockopt(2) with SO_LINGER.
func (h *Host) SetLinger(fd int, on bool, seconds int) Op {
	s, e := h.socket(fd)
	if e == "" {
		s.options.lingerOn, s.options.linger = on, seconds
	}
	return status(e)
}

// SetTimeout is setsockopt(2) with SO_RCVTIMEO or SO_SNDTIMEO.
func (h *Host) SetTimeout(fd, name int, d time.Duration) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
	case name == SO_RCVTIMEO:
		s.options.receiveTimeout = d
	default:
		s.options.sendTimeout = d
	}
	return status(e)
}

// Linger is getsockopt(2) with SO_LINGER: whether it is on, as a number, and the seconds.
func (h *Host) Linger(fd int) (on, seconds int) {
	s, e := h.socket(fd)
	if e != "" {
		return 0, 0
	}
	if s.options.lingerOn {
		on = 1
	}
	return on, s.options.linger
}

// Timeout is getsockopt(2) with SO_RCVTIMEO or SO_SNDTIMEO.
func (h *Host) Timeout(fd, name int) time.Duration {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return 0
	case name == SO_RCVTIMEO:
		return s.options.receiveTimeout
	}
	return s.options.sendTimeout
}

// CongestionName is getsockopt(2) with TCP_CONGESTION.
func (h *Host) CongestionName(fd int) string {
	s, e := h.socket(fd)
	if e != "" {
		return ""
	}
	has := h.settings.machine.Congestion
	if c := s.options.congestion; c != nil {
		has = *c
	}
	for name, control := range congestion {
		if control == has {
			if s.options.profile == handshake.FreeBSD && control == handshake.NewReno {
				return "newreno"
			}
			return name
		}
	}
	return ""
}

// SetFastOpenKey is setsockopt(2) with TCP_FASTOPEN_KEY: one key of 16 bytes, or
// two.
func (h *Host) SetFastOpenKey(fd int, keys []byte) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	if len(keys) != cookie.KeyLen && len(keys) != 2*cookie.KeyLen {
		return failed(EINVAL)
	}
	var older []cookie.Key
	if len(keys) > cookie.KeyLen {
		older = []cookie.Key{cookie.Key(keys[cookie.KeyLen:])}
	}
	s.options.keyring = cookie.NewKeyring(h.settings.scheme, cookie.Key(keys[:cookie.KeyLen]), older...)
	s.regate()
	return status("")
}

// Option is getsockopt(2) of a number.
func (h *Host) Option(fd, level, name int) Op {
	s, e := h.socket(fd)
	switch key := (optionName{level, name}); {
	case e != "":
		return failed(e)
	case key == optionName{SOL_SOCKET, SO_ERROR}:
		return done(Result{Option: []int{s.tellError().Number()}})
	case level == SOL_IPV6 && !s.ipv6:
		return failed(EOPNOTSUPP)
	case forced[key] != optionName{}:
		return failed(ENOPROTOOPT)
	case KnownOption(level, name):
		return done(Result{Option: []int{s.tellOption(key)}})
	}
	return failed(ENOPROTOOPT)
}

// tellError is SO_ERROR: the error that is pending, or else one that has ended
// nothing.
func (s *socket) tellError() Errno {
	if e := s.takeError(); e != "" || s.conn == nil {
		return e
	}
	return errnoOf(s.conn.SoftError())
}

// tellOption returns what getsockopt does.
func (s *socket) tellOption(key optionName) int {
	if n, ok := s.options.values[key]; ok && !kinds[key].varies && !kinds[key].fixed {
		return n
	}
	if tell := kinds[key].tell; tell != nil {
		return tell(s)
	}
	return 0
}

// SetCongestion is setsockopt(2) with TCP_CONGESTION.
func (h *Host) SetCongestion(fd int, name string) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	control, ok := congestionNamed(strings.TrimRight(name, "\x00"))
	if !ok {
		return failed(ENOENT)
	}
	s.options.congestion = &control
	return status(s.onConn(func() error { return s.conn.SetCongestion(control) }))
}
