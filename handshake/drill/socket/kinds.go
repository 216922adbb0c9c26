package socket

import (
	"math"
	"time"
)

// An optionKind says what may be done with an option.
type optionKind struct {
	min, max int
	// keep turns a value into what is kept of it and told; nil if that is the value.
	keep func(s *socket, n int) int
	// change carries out what was kept; nil if it counts later, or makes no
	// difference here.
	change func(s *socket, n int) Errno
	// tell is what getsockopt tells as long as nothing is set; nil for 0.
	tell func(s *socket) int
	// varies means that it is so afterwards, too.
	varies bool
	// only are the values that are supported; nil for all.
	only []int
	// fixed means that it can only be asked for.
	fixed bool
}

// kinds are the options with a number as their value.
var kinds = map[optionName]optionKind{
	{SOL_SOCKET, SO_REUSEADDR}: flag(nil),
	{SOL_SOCKET, SO_REUSEPORT}: flag(nil),
	{SOL_SOCKET, SO_PRIORITY}:  number32(nil),
	{SOL_SOCKET, SO_MARK}:      number32(nil),
	{SOL_SOCKET, SO_RCVLOWAT}:  {min: math.MinInt32, max: math.MaxInt32, keep: keepLowAt, change: changeLowAt, tell: always(1)},
	{SOL_SOCKET, SO_SNDBUF}: {min: math.MinInt32, max: math.MaxInt32, keep: keepBuffer(leastSendBuffer), change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetWriteBuffer(s.options.sendRoom(n)) })
	}, tell: tellSendBuffer},
	{SOL_SOCKET, SO_RCVBUF}: {min: math.MinInt32, max: math.MaxInt32, keep: keepBuffer(leastReceiveBuffer), change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetReadBuffer(s.options.dataRoom(n)) })
	}, tell: tellReceiveBuffer},
	{SOL_SOCKET, SO_KEEPALIVE}:  flag(changeKeepAlive),
	{SOL_SOCKET, SO_ZEROCOPY}:   {max: 1},
	{SOL_SOCKET, SO_TYPE}:       {fixed: true, tell: always(SOCK_STREAM)},
	{SOL_SOCKET, SO_PROTOCOL}:   {fixed: true, tell: always(IPPROTO_TCP)},
	{SOL_SOCKET, SO_DOMAIN}:     {fixed: true, tell: tellDomain},
	{SOL_SOCKET, SO_ACCEPTCONN}: {fixed: true, tell: tellListening},

	// These are kept and make no difference to what is sent or told, or do so only
	// with other values.
	{SOL_SOCKET, SO_BROADCAST}:          flag(nil),
	{SOL_SOCKET, SO_OOBINLINE}:          flag(nil),
	{SOL_SOCKET, SO_NO_CHECK}:           flag(nil),
	{SOL_SOCKET, SO_BUSY_POLL}:          {max: math.MaxInt32},
	{SOL_SOCKET, SO_INCOMING_CPU}:       number32With(-1),
	{SOL_SOCKET, SO_TIMESTAMP}:          limitedTo(0),
	{SOL_SOCKET, SO_TIMESTAMPNS}:        limitedTo(0),
	{SOL_SOCKET, SO_PEEK_OFF}:           limitedTo(-1),
	{SOL_SOCKET, SO_MAX_PACING_RATE}:    number32With(-1),
	{SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS}: {max: 1, only: []int{0}},
	{SOL_TCP, TCP_THIN_DUPACK}:          {max: 1, keep: func(*socket, int) int { return 0 }},
	{SOL_TCP, TCP_REPAIR}:               {min: -1, max: 1, only: []int{0}},
	{SOL_TCP, TCP_TX_DELAY}:             {max: math.MaxInt32, only: []int{0}},
	{SOL_TCP, TCP_RTO_MAX_MS}:           {min: 1000, max: 120_000, only: []int{120_000}, tell: always(120_000)},
	{SOL_TCP, TCP_RTO_MIN_US}:           {min: 8000, max: 120_000_000, only: []int{200_000}, tell: always(200_000)},
	{SOL_TCP, TCP_DELACK_MAX_US}:        {min: 8000, max: 200_000, only: []int{200_000}, tell: always(200_000)},
	{SOL_SOCKET, SO_TIMESTAMPING}:       number32(changeStamping),

	{SOL_TCP, TCP_NODELAY}:   flag(func(s *socket, n int) Errno { return s.onConn(func() error { return s.conn.SetNoDelay(n != 0) }) }),
	{SOL_TCP, TCP_MAXSEG}:    {max: 32767, change: checkMSS, tell: tellMSS, varies: true},
	{SOL_TCP, TCP_CORK}:      flag(func(s *socket, n int) Errno { return s.onConn(func() error { return s.conn.SetCork(n != 0) }) }),
	{SOL_TCP, TCP_KEEPIDLE}:  {min: 1, max: 32767, change: changeKeepAlive, tell: func(s *socket) int { return int(s.host.settings.keepAlive.Idle / time.Second) }},
	{SOL_TCP, TCP_KEEPINTVL}: {min: 1, max: 32767, change: changeKeepAlive, tell: func(s *socket) int { return int(s.host.settings.keepAlive.Interval / time.Second) }},
	{SOL_TCP, TCP_KEEPCNT}:   {min: 1, max: 127, change: changeKeepAlive, tell: func(s *socket) int { return s.host.settings.keepAlive.Count }},
	{SOL_TCP, TCP_SYNCNT}: {min: 1, max: 127, change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetSynRetries(n) })
	}, tell: func(s *socket) int { return max(s.host.settings.machine.SynRetries, 0) }},
	{SOL_TCP, TCP_LINGER2}: {min: math.MinInt32, max: math.MaxInt32, keep: keepLinger2, change: func(s *socket, _ int) Errno {
		return s.onConn(func() error { return s.conn.SetFinWait2(s.options.finWait2(&s.host.settings)) })
	}, tell: func(s *socket) int { return finTimeout(&s.host.settings) }},
	{SOL_TCP, TCP_DEFER_ACCEPT}: {min: math.MinInt32, max: math.MaxInt32, keep: keepDefer, change: changeDefer},
	{SOL_TCP, TCP_QUICKACK}: {min: math.MinInt32, max: math.MaxInt32, keep: keepFlag, change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetQuickAck(n != 0) })
	}, tell: always(1)},
	{SOL_TCP, TCP_USER_TIMEOUT}: {max: math.MaxInt32, change: func(s *socket, n int) Errno {
		return s.onConn(func() error { return s.conn.SetUserTimeout(time.Duration(n) * time.Millisecond) })
	}},
	{SOL_TCP, TCP_NOTSENT_LOWAT}: number32(nil),
	{SOL_TCP, TCP_SAVE_SYN}:      {max: 2},
	{SOL_TCP, TCP_INQ}:           {max: 1},
	{SOL_TCP, TCP_FASTOPEN}: {max: math.MaxInt32, keep: func(_ *socket, n int) int { return min(n, somaxconn) }, change: changeFastOpen,
		tell: func(s *socket) int { return s.options.fastOpenQueue }, varies: true},
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

	{SOL_IP, IP_TOS}:              {min: math.MinInt32, max: math.MaxInt32, keep: keepTOS, change: changeIPHeader},
	{SOL_IP, IP_TTL}:              {min: -1, max: 255, keep: keepTTL, change: changeIPHeader, tell: always(firstTTL)},
	{SOL_IPV6, IPV6_TCLASS}:       {min: -1, max: 255, keep: keepClass, change: changeIPHeader},
	{SOL_IPV6, IPV6_UNICAST_HOPS}: {min: -1, max: 255, keep: keepTTL, change: changeIPHeader, tell: always(firstTTL)},

	// Other options of IP can be set to what is so here anyway.
	{SOL_IP, IP_MTU_DISCOVER}:     limitedTo(pathMTUWant, pathMTUDo),
	{SOL_IP, IP_RECVERR}:          flag(nil),
	{SOL_IPV6, IPV6_MTU_DISCOVER}: limitedTo(pathMTUWant, pathMTUDo),
	{SOL_IPV6, IPV6_RECVERR}:      flag(nil),
}

// Ways of path MTU discovery: both forbid fragments.
const (
	pathMTUWant = 1
	pathMTUDo   = 2
)

// limitedTo is an option that is supported with these values. The first one is the
// default, and -1 stands for it.
func limitedTo(values ...int) optionKind {
	k := number32(nil)
	k.only, k.tell = values, always(values[0])
	k.keep = func(_ *socket, n int) int {
		if n == -1 {
			return values[0]
		}
		return n
	}
	return k
}

// number32 is an option that any number is good for.
func number32(change func(s *socket, n int) Errno) optionKind {
	return optionKind{min: math.MinInt32, max: math.MaxInt32, change: change}
}

// number32With is number32 with a value to begin with.
func number32With(first int) optionKind {
	k := number32(nil)
	k.tell = always(first)
	return k
}

func tellDomain(s *socket) int {
	if s.ipv6 {
		return AF_INET6
	}
	return AF_INET
}

func tellListening(s *socket) int {
	if s.listener != nil {
		return 1
	}
	return 0
}

// flag is an option that is on or off.
func flag(change func(s *socket, n int) Errno) optionKind {
	k := number32(change)
	k.keep = keepFlag
	return k
}

func keepFlag(_ *socket, n int) int { return min(int(uint32(n)), 1) }

func always(n int) func(*socket) int { return func(*socket) int { return n } }

func changeKeepAlive(s *socket, _ int) Errno {
	return s.onConn(func() error { return s.conn.SetKeepAliveConfig(s.options.keepAlive(&s.host.settings)) })
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

// checkMSS refuses what Linux takes for too small (TCP_MIN_MSS); 0 is none.
func checkMSS(_ *socket, n int) Errno {
	if n > 0 && n < leastMSS {
		return EINVAL
	}
	return ""
}

// The MSS that Linux does not go below, and the one that it begins with.
const (
	leastMSS = 88
	firstMSS = 536
)

// tellMSS tells how large segments are, or will be.
func tellMSS(s *socket) int {
	switch n := s.options.get(SOL_TCP, TCP_MAXSEG); {
	case s.conn != nil && !s.beginning():
		return s.conn.Info().MSS
	case n > 0:
		return n
	}
	return firstMSS
}
