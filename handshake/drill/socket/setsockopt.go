package socket

import (
	"maps"
	"strings"
	"time"

	"tfocraft/cookie"
)

// An optionKind says what may be done with an option.
type optionKind struct {
	min, max int
	// change carries the value out, beyond keeping it; nil if that is all.
	change func(s *socket, n int) Errno
	// accepted means that the option is taken and makes no difference here.
	accepted bool
}

const anyValue = 1<<31 - 1

// kinds are the options with a number as their value.
var kinds = map[optionName]optionKind{
	{SOL_SOCKET, SO_REUSEADDR}: {max: anyValue, accepted: true},
	{SOL_SOCKET, SO_REUSEPORT}: {max: anyValue, accepted: true},
	{SOL_SOCKET, SO_PRIORITY}:  {max: anyValue, accepted: true},
	{SOL_SOCKET, SO_MARK}:      {max: anyValue, accepted: true},
	{SOL_SOCKET, SO_RCVLOWAT}:  {max: anyValue},
	{SOL_SOCKET, SO_SNDBUF}:    {max: anyValue},
	{SOL_SOCKET, SO_RCVBUF}:    {max: anyValue},
	{SOL_SOCKET, SO_KEEPALIVE}: {max: anyValue, change: changeKeepAlive},

	{SOL_TCP, TCP_NODELAY}:      {max: anyValue, change: func(s *socket, n int) Errno { return s.onConn(func() error { return s.conn.SetNoDelay(n != 0) }) }},
	{SOL_TCP, TCP_MAXSEG}:       {min: 48, max: 32767},
	{SOL_TCP, TCP_CORK}:         {max: anyValue, change: func(s *socket, n int) Errno { return s.onConn(func() error { return s.conn.SetCork(n != 0) }) }},
	{SOL_TCP, TCP_KEEPIDLE}:     {min: 1, max: 32767, change: changeKeepAlive},
	{SOL_TCP, TCP_KEEPINTVL}:    {min: 1, max: 32767, change: changeKeepAlive},
	{SOL_TCP, TCP_KEEPCNT}:      {min: 1, max: 127, change: changeKeepAlive},
	{SOL_TCP, TCP_SYNCNT}:       {min: 1, max: 127, change: func(s *socket, n int) Errno { return s.onConn(func() error { return s.conn.SetSynRetries(n) }) }},
	{SOL_TCP, TCP_LINGER2}:      {min: -1, max: anyValue},
	{SOL_TCP, TCP_DEFER_ACCEPT}: {max: anyValue},
	{SOL_TCP, TCP_QUICKACK}: {max: anyValue, change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetQuickAck(n != 0) })
	}},
	{SOL_TCP, TCP_USER_TIMEOUT}: {max: anyValue, change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetUserTimeout(time.Duration(n) * time.Millisecond) })
	}},
	{SOL_TCP, TCP_NOTSENT_LOWAT}: {max: anyValue},
	{SOL_TCP, TCP_SAVE_SYN}:      {max: 2, accepted: true},
	{SOL_TCP, TCP_FASTOPEN}:      {max: anyValue, change: changeFastOpen},
	{SOL_TCP, TCP_FASTOPEN_CONNECT}: {max: 1, change: func(s *socket, n int) Errno {
		switch {
		case s.host.settings.fastOpen&clientEnable == 0:
			return EOPNOTSUPP
		case s.conn != nil || s.listener != nil:
			return EINVAL
		}
		s.options.fastOpenConnect = n != 0
		return ""
	}},
	{SOL_TCP, TCP_FASTOPEN_NO_COOKIE}: {max: 1, change: func(s *socket, n int) Errno {
		if s.conn != nil {
			return EINVAL
		}
		s.options.noCookie = n != 0
		s.regate()
		return ""
	}},
}

// SetOption is setsockopt(2) with a number. An option that is not known here is
// ENOPROTOOPT, and Known tells it from one that Linux does not know either.
func (h *Host) SetOption(fd, level, name, n int) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	key := optionName{level, name}
	kind, ok := kinds[key]
	switch {
	case !ok:
		return failed(ENOPROTOOPT)
	case n < kind.min || n > kind.max:
		return failed(EINVAL)
	}
	s.options.values = maps.Clone(s.options.values) // an accepted socket shares them
	if s.options.values == nil {
		s.options.values = make(map[optionName]int)
	}
	before, had := s.options.values[key]
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

// KnownOption reports whether SetOption and Option know an option.
func KnownOption(level, name int) bool {
	_, ok := kinds[optionName{level, name}]
	return ok
}

// onConn changes the connection, if there is one that is alive.
func (s *socket) onConn(change func() error) Errno {
	if s.conn == nil || s.over() {
		return ""
	}
	return errnoOf(change())
}

func changeKeepAlive(s *socket, _ int) Errno {
	return s.onConn(func() error { return s.conn.SetKeepAliveConfig(s.options.keepAlive()) })
}

// changeFastOpen makes a listener take data in SYNs, n of them at a time; on
// FreeBSD it lets a client send some.
func changeFastOpen(s *socket, n int) Errno {
	if s.conn != nil {
		return EINVAL
	}
	s.options.fastOpenQueue = n
	s.regate()
	return ""
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
		return done(Result{Option: []int{s.takeError().Number()}})
	case key == optionName{SOL_TCP, TCP_MAXSEG} && s.conn != nil:
		return done(Result{Option: []int{s.conn.Info().MSS}})
	case KnownOption(level, name):
		return done(Result{Option: []int{s.options.get(level, name)}})
	}
	return failed(ENOPROTOOPT)
}

// SetCongestion is setsockopt(2) with TCP_CONGESTION.
func (h *Host) SetCongestion(fd int, name string) Op {
	s, e := h.socket(fd)
	if e != "" {
		return failed(e)
	}
	control, ok := congestion[strings.TrimRight(name, "\x00")]
	if !ok {
		return failed(ENOENT)
	}
	s.options.congestion = &control
	return status("")
}
