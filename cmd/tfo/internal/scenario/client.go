package scenario

import (
	"context"
	"net"
	"net/netip"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/follow"
)

// ClientConfig describes a client.
type ClientConfig struct {
	// Cookie and Experimental are for a client of ours: a cookie that it shows in place of what it has learnt, and the
	// form of the option.
	Cookie       cookie.Cookie
	Experimental bool
	// NoFastOpen makes the client open its connections with a three-way handshake only.
	NoFastOpen bool
	// CloseFirst makes the client end its side behind the request.
	CloseFirst bool
	// Port is the client's own; 0 takes a free one.
	Port uint16
}

// A Client makes one connection after the other and remembers cookies.
type Client struct {
	scene  *Scene
	cfg    ClientConfig
	side   Side
	host   *lab.Host
	source netip.AddrPort  // without an address if the port does not matter
	dialer endpoint.Dialer // of ours
}

// An Exchange is a request and what became of it.
type Exchange struct {
	// Connection is what the client's end of the path saw; its number is 0 if nothing was seen.
	follow.Connection
	Reply []byte
	Err   error // as the client got it
	// Asked is when the client began, Answered when it had the first byte of the reply.
	Asked, Answered time.Time

	want string
}

// got reports whether the client got what it was to get.
func (x *Exchange) got() bool { return x.Err == nil && string(x.Reply) == x.want }

// Dial makes a client on the client's host, which sends nothing yet.
func (s *Scene) Dial(cfg ClientConfig) *Client {
	if s.over() {
		return &Client{scene: s}
	}
	return s.dialFrom(s.lab.Client, s.Sides.Client, cfg)
}

func (s *Scene) dialFrom(host *lab.Host, side Side, cfg ClientConfig) *Client {
	c := &Client{scene: s, cfg: cfg, side: side, host: host}
	if cfg.Port != 0 {
		c.source = netip.AddrPortFrom(host.Addr(s.IPv6), cfg.Port)
	}
	if side == Kernel {
		return c
	}
	st := s.stack(host, iptables.ModeRST)
	if st == nil {
		return c
	}
	c.dialer = endpoint.Dialer{
		Stack: st.Stack, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Timeout: s.patience(),
		Cookie: cfg.Cookie, Experimental: cfg.Experimental, Source: c.source,
	}
	if cfg.NoFastOpen {
		c.dialer.FastOpen = handshake.ClientOff
	}
	c.dialer.Machine.TimeWait = s.timeWait()
	return c
}

// Ask is an exchange with the usual request.
func (c *Client) Ask(server *Server) Exchange { return c.Send(server, Request) }

// Send sends a request and reads to the end. It returns when the path has seen the end of the connection.
func (c *Client) Send(server *Server, request string) Exchange {
	s := c.scene
	if s.over() {
		return Exchange{}
	}
	before := s.last()
	local, x := c.exchange(server.Addr, request)
	x.Connection, x.want = s.settled(before, local).Connection, Reply
	s.exchanges = append(s.exchanges, x)
	return x
}

// exchange is one connection, from whichever stack, as the client has it.
func (c *Client) exchange(remote netip.AddrPort, request string) (local netip.AddrPort, x Exchange) {
	x.Asked = time.Now()
	if c.side == Kernel {
		k := lab.KernelClient{Host: c.host, Source: c.source, Timeout: c.scene.patience(), NoFastOpen: c.cfg.NoFastOpen, CloseFirst: c.cfg.CloseFirst}
		got, err := k.Exchange(c.scene.ctx, remote, []byte(request))
		x.Reply, x.Answered, x.Err = got.Reply, got.FirstByte, err
		return got.Local, x
	}
	conn, err := c.dialer.DialContext(c.scene.ctx, "tcp", remote.String(), []byte(request))
	if err != nil {
		x.Err = err
		return localOf(err), x
	}
	defer conn.Close()
	defer interrupt(c.scene.ctx, conn)()
	conn.SetDeadline(time.Now().Add(c.scene.patience()))
	local = conn.LocalAddr().(*net.TCPAddr).AddrPort()
	if c.cfg.CloseFirst {
		if x.Err = conn.CloseWrite(); x.Err != nil {
			return local, x
		}
	}
	x.Reply, x.Answered, x.Err = lab.ReadReply(conn)
	return local, x
}

// localOf is the local address of a dial that has failed, if it is known.
func localOf(err error) (local netip.AddrPort) {
	if op, ok := err.(*net.OpError); ok {
		if a, ok := op.Source.(*net.TCPAddr); ok {
			local = a.AddrPort()
		}
	}
	return local
}

// last is the number of the newest connection.
func (s *Scene) last() (number int) {
	for _, c := range s.record.connections() {
		number = max(number, c.Number)
	}
	return number
}

// settled waits for the end of a connection of the client that is newer than others, and returns what was seen of it.
func (s *Scene) settled(after int, local netip.AddrPort) (x Exchange) {
	ctx, cancel := context.WithTimeout(s.ctx, s.settle())
	defer cancel()
	find := func(all []follow.Connection) bool {
		for _, c := range all {
			if c.Number > after && (c.Client == local || !local.IsValid()) {
				x.Connection = c
				return !c.Closed.IsZero()
			}
		}
		return false
	}
	s.record.await(ctx, find)
	return x
}
