package socket

import (
	"net"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
)

// Levels and names of socket options, with Linux's numbers.
const (
	SOL_IP     = 0
	SOL_SOCKET = 1
	SOL_TCP    = 6
	SOL_IPV6   = 41

	SO_REUSEADDR = 2
	SO_ERROR     = 4
	SO_SNDBUF    = 7
	SO_RCVBUF    = 8
	SO_KEEPALIVE = 9
	SO_PRIORITY  = 12
	SO_LINGER    = 13
	SO_REUSEPORT = 15
	SO_RCVLOWAT  = 18
	SO_RCVTIMEO  = 20
	SO_SNDTIMEO  = 21
	SO_MARK      = 36

	SO_TYPE            = 3
	SO_BROADCAST       = 6
	SO_OOBINLINE       = 10
	SO_NO_CHECK        = 11
	SO_BINDTODEVICE    = 25
	SO_TIMESTAMP       = 29
	SO_ACCEPTCONN      = 30
	SO_SNDBUFFORCE     = 32
	SO_RCVBUFFORCE     = 33
	SO_TIMESTAMPNS     = 35
	SO_PROTOCOL        = 38
	SO_DOMAIN          = 39
	SO_PEEK_OFF        = 42
	SO_BUSY_POLL       = 46
	SO_MAX_PACING_RATE = 47
	SO_INCOMING_CPU    = 49

	SO_TIMESTAMPING = 37
	SO_ZEROCOPY     = 60

	IP_TOS            = 1
	IP_TTL            = 2
	IP_MTU_DISCOVER   = 10
	IP_RECVERR        = 11
	IPV6_UNICAST_HOPS = 16
	IPV6_MTU_DISCOVER = 23
	IPV6_RECVERR      = 25
	IPV6_TCLASS       = 67

	TCP_NODELAY              = 1
	TCP_MAXSEG               = 2
	TCP_CORK                 = 3
	TCP_KEEPIDLE             = 4
	TCP_KEEPINTVL            = 5
	TCP_KEEPCNT              = 6
	TCP_SYNCNT               = 7
	TCP_LINGER2              = 8
	TCP_DEFER_ACCEPT         = 9
	TCP_INFO                 = 11
	TCP_QUICKACK             = 12
	TCP_CONGESTION           = 13
	TCP_MD5SIG               = 14
	TCP_THIN_LINEAR_TIMEOUTS = 16
	TCP_THIN_DUPACK          = 17
	TCP_USER_TIMEOUT         = 18
	TCP_REPAIR               = 19
	TCP_FASTOPEN             = 23
	TCP_NOTSENT_LOWAT        = 25
	TCP_SAVE_SYN             = 27
	TCP_SAVED_SYN            = 28
	TCP_FASTOPEN_CONNECT     = 30
	TCP_FASTOPEN_KEY         = 33
	TCP_FASTOPEN_NO_COOKIE   = 34
	TCP_INQ                  = 36
	TCP_TX_DELAY             = 37
	TCP_RTO_MAX_MS           = 44
	TCP_RTO_MIN_US           = 45
	TCP_DELACK_MAX_US        = 46

	TCP_FUNCTION_BLK = 8192 // FreeBSD's number
)

// options are what setsockopt has set.
type options struct {
	values map[optionName]int // as they were given, for getsockopt

	profile                     handshake.Profile
	lingerOn                    bool
	linger                      int
	sendTimeout, receiveTimeout time.Duration
	fastOpenQueue               int
	fastOpenConnect             bool
	noCookie                    bool
	keyring                     *cookie.Keyring              // nil for that of the host
	congestion                  *handshake.CongestionControl // nil for that of the host
}

type optionName struct{ level, name int }

func (o *options) init(c *settings) { o.profile = c.profile }

func (o *options) get(level, name int) int { return o.values[optionName{level, name}] }

// has reports whether an option was set.
func (o *options) has(level, name int) bool {
	_, ok := o.values[optionName{level, name}]
	return ok
}

// machine is the template of a connection with these options.
func (o *options) machine(c *settings) handshake.Config {
	m := c.machine
	m.Profile = o.profile
	if o.get(SOL_TCP, TCP_NODELAY) != 0 {
		m.Nagle = false
	}
	if n := o.get(SOL_TCP, TCP_SYNCNT); n > 0 {
		m.SynRetries = n
	}
	o.setBuffers(&m)
	if o.congestion != nil {
		m.Congestion = *o.congestion
	}
	m.DeferAccept = o.deferAccept()
	m.FinWait2 = o.finWait2(c)
	m.MSS = o.get(SOL_TCP, TCP_MAXSEG)
	m.UserTimeout = time.Duration(o.get(SOL_TCP, TCP_USER_TIMEOUT)) * time.Millisecond
	if k := o.keepAlive(c); k.Enable {
		m.KeepAlive = handshake.KeepAlive{Idle: k.Idle, Interval: k.Interval, Count: k.Count}
	}
	return m
}

// keepAlive is Linux's: off without SO_KEEPALIVE, and at first as often as the
// settings say.
func (o *options) keepAlive(c *settings) net.KeepAliveConfig {
	k := c.keepAlive
	k.Enable = o.get(SOL_SOCKET, SO_KEEPALIVE) != 0
	if n := o.get(SOL_TCP, TCP_KEEPIDLE); n > 0 {
		k.Idle = seconds(n)
	}
	if n := o.get(SOL_TCP, TCP_KEEPINTVL); n > 0 {
		k.Interval = seconds(n)
	}
	if n := o.get(SOL_TCP, TCP_KEEPCNT); n > 0 {
		k.Count = n
	}
	return k
}

// impliesConnect reports whether a send to an address on an unconnected socket
// connects it: on FreeBSD one with TCP_FASTOPEN does.
func (o *options) impliesConnect(to netip.AddrPort) bool {
	return o.profile == handshake.FreeBSD && o.fastOpenQueue > 0 && to.IsValid()
}

// apply tells a connection what was set before it was there.
func (s *socket) apply() {
	o := &s.options
	if o.get(SOL_TCP, TCP_CORK) != 0 {
		_ = s.conn.SetCork(true)
	}
}

// applyBegun tells a connection that was just begun what an accepted one does not
// inherit.
func (s *socket) applyBegun() {
	s.apply()
	if n, ok := s.options.values[optionName{SOL_TCP, TCP_QUICKACK}]; ok && n == 0 {
		_ = s.conn.SetQuickAck(false)
	}
}
