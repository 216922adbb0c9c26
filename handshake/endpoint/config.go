package endpoint

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// Config describes a [Stack]. Only Link is needed, and a Router to dial.
type Config struct {
	// Link carries the frames. The stack is its only reader and writer from
	// now on, and closes it.
	Link link.Link
	// Interface is the name of the interface behind Link. Where it is set,
	// dialing fails if the way to the destination is another one.
	Interface string
	// Local are the addresses that a listener on the unspecified address
	// answers for; none means every unicast address that a frame comes for.
	Local []netip.Prefix
	// Loopback means that Link is the loopback interface, where a packet may
	// come from one of our own addresses.
	Loopback bool
	// Router knows the way to a destination; nil leaves the stack unable to
	// dial. [link.Resolver] is one.
	Router Router
	// Ports reserves local ports on the host; nil means that nobody else uses
	// the addresses. [KernelPorts] is one.
	Ports Ports
	// Ephemeral is where ports are taken from that nobody asks for by number;
	// zero means 32768 to 60999, as in Linux.
	Ephemeral link.PortRange
	// Guard keeps the kernel from answering for our ports; nil means that it
	// does not need to be kept.
	Guard Guard
	// SetFilter keeps the filter of Link, which must be a [link.FilterSetter],
	// to the ports in use.
	SetFilter bool

	// NoOffload makes the stack cut every segment and finish every checksum
	// itself, also where Link can do it. Trace and Capture do the same: they are
	// to show what is on the wire.
	NoOffload bool

	// BusyPoll is how long the stack goes on looking for frames before it sleeps, if they
	// have come as fast as that before. To wake up takes tens of microseconds on many
	// machines, which is most of what a short exchange takes; the price is a processor
	// that is busy meanwhile. 0 means not at all. It does nothing on links that are not
	// a [link.Poller].
	BusyPoll time.Duration

	// Answers prepares the link that Open opens for a server with many clients; see
	// [link.Config].
	Answers bool

	// XDP takes short frames from the driver of the interface while the stack looks for them
	// (BusyPoll), on the link that Open opens; see [link.Config].
	XDP bool

	// Secret makes initial sequence numbers unpredictable (RFC 6528); zero
	// means a random one.
	Secret [16]byte
	// Logger is told about connections at level Debug and about what goes
	// wrong at level Warn; nil logs nowhere.
	Logger *slog.Logger
	// Trace is shown every segment to or from a port of ours, in the order in
	// which the loop handles them. Sent ones have no Ethernet header in p. The
	// packet is valid during the call only.
	Trace func(at time.Time, outgoing bool, p *wire.Packet)
	// Capture is shown every frame that the link receives or sends, as by
	// [link.Tee].
	Capture func(frame []byte, at time.Time, outgoing bool)
}

// A Router finds the first hop to dst for packets from src, or from an address
// of its choice if src is not valid, by way of the named interface if there is
// a name. It is called from many goroutines.
type Router interface {
	Resolve(ctx context.Context, dst, src netip.Addr, ifname string) (link.Hop, error)
}

// Ports keeps local ports from being used twice on a host.
type Ports interface {
	// Reserve takes an address and port, until release is called once. The
	// address may be the unspecified one of its family; a link-local one has a
	// zone. The error wraps [syscall.EADDRINUSE] if somebody has the port.
	Reserve(local netip.AddrPort) (release func() error, err error)
}

// A Guard keeps the kernel from answering segments that are not its own.
type Guard interface {
	// Protect covers what arrives for local, from remote or from everybody if
	// remote is zero, until release is called once. It is in force when
	// Protect returns.
	Protect(local, remote netip.AddrPort) (release func() error, err error)
}

var (
	_ Router            = (*link.Resolver)(nil)
	_ link.FilterSetter = (*link.Packet)(nil)
)

// machineConfig fills in what a connection has of its own, but for the initial
// sequence number.
func (s *Stack) machineConfig(c handshake.Config, local, remote netip.AddrPort, mss int) handshake.Config {
	c.LocalPort, c.RemotePort = local.Port(), remote.Port()
	c.IPv6 = local.Addr().Is6()
	c.TimestampOffset = s.isn.TimestampOffset(local, remote)
	c.Buffers = &s.buffers
	if c.Burst == 0 {
		c.Burst = s.burst
	}
	if c.MSS <= 0 || c.MSS > mss {
		c.MSS = mss
	}
	return c
}

// offloader returns what finishes segments and cuts them, and how much payload it
// takes at once; nil if the stack does that itself.
func (c *Config) offloader() (o link.Offloader, burst int) {
	if c.NoOffload || c.Trace != nil || c.Capture != nil {
		return nil, 0
	}
	o, ok := c.Link.(link.Offloader)
	if !ok || o.MaxPayload() == 0 {
		return nil, 0
	}
	return o, o.MaxPayload()
}

// maxPacket is the longest packet that the length field of an IPv4 header can
// express; a loopback interface has an MTU one above.
const maxPacket = 65535

// segmentSize returns the payload of the largest segment without options that
// fits a packet of the given length.
func segmentSize(mtu int, local netip.Addr) int {
	headers := wire.IPv4Len + wire.HeaderLen
	if local.Is6() {
		headers = wire.IPv6Len + wire.HeaderLen
	}
	return min(mtu, maxPacket) - headers
}
