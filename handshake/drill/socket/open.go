package socket

// Families, types and protocols of socket(2), with Linux's numbers.
const (
	AF_UNSPEC = 0
	AF_INET   = 2
	AF_INET6  = 10

	SOCK_STREAM = 1
	SOCK_DGRAM  = 2
	SOCK_RAW    = 3

	IPPROTO_IP    = 0
	IPPROTO_TCP   = 6
	IPPROTO_MPTCP = 262
)

// How many types and families of sockets Linux has.
const (
	socketTypes = 11
	families    = 46
)

// Socket is socket(2): a TCP socket for the family of the host, and of its domain
// if that is not AF_UNSPEC. Sockets of other kinds are not supported.
func (h *Host) Socket(domain, typ, protocol int) Op {
	switch kind := typ &^ (SOCK_NONBLOCK | SOCK_CLOEXEC); {
	case kind < 0 || kind >= socketTypes:
		return failed(EINVAL)
	case domain < 0 || domain >= families:
		return failed(EAFNOSUPPORT)
	case domain != AF_UNSPEC && domain != AF_INET && domain != AF_INET6:
		return unsupported("this family")
	case kind == SOCK_DGRAM && protocol == IPPROTO_TCP:
		return failed(EPROTONOSUPPORT)
	case kind == SOCK_DGRAM:
		return unsupported("SOCK_DGRAM")
	case kind == SOCK_RAW:
		return unsupported("SOCK_RAW")
	case kind != SOCK_STREAM:
		return failed(ESOCKTNOSUPPORT)
	case protocol == IPPROTO_MPTCP:
		return unsupported("IPPROTO_MPTCP")
	case protocol != IPPROTO_IP && protocol != IPPROTO_TCP:
		return failed(EPROTONOSUPPORT)
	}
	s := &socket{host: h, ipv6: domain == AF_INET6 || h.config.Local.Is6(), nonblock: typ&SOCK_NONBLOCK != 0}
	s.options.init(&h.settings)
	return done(value(h.install(&file{socket: s, descriptorFlags: descriptorFlags(typ)})))
}
