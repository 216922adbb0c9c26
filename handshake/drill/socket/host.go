package socket

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// Config describes a [Host].
type Config struct {
	Now   time.Time  // when it starts
	Local netip.Addr // its address
	MTU   int        // of its interface, in bytes
	// Profile is whose habits its TCP has.
	Profile handshake.Profile
	// Send is given every packet that the host sends, at its time, without the
	// Ethernet header. The packet is valid during the call only.
	Send func(at time.Time, p *wire.Packet)
}

// A Host is a machine under test.
type Host struct {
	config   Config
	now      time.Time
	stepper  *endpoint.Stepper
	settings settings
	cache    *cookie.Memory
	refusals map[netip.Addr]int // see linuxCache
	global   *cookie.Keyring    // of listeners without keys of their own
	files    map[int]*file
	epolls   []*epoll
	traffic  map[ends]*traffic
	disks    map[string]*int // sizes of files, by their path
	narrowed bool            // an ICMP error has said that a packet was too big
	alarms   []time.Time     // when calls that wait want to be tried again, at the latest
}

// NewHost returns a host with no sockets.
func NewHost(c Config) (*Host, error) {
	h := &Host{config: c, now: c.Now, files: make(map[int]*file), cache: cookie.NewMemory(cookie.Limits{}), refusals: make(map[netip.Addr]int), traffic: make(map[ends]*traffic), disks: make(map[string]*int)}
	h.settings.init(c.Profile)
	h.rekey()
	var err error
	h.stepper, err = endpoint.NewStepper(c.Now, endpoint.Config{
		Link:   &wireLink{mtu: c.MTU},
		Local:  []netip.Prefix{netip.PrefixFrom(c.Local, c.Local.BitLen())},
		Router: router{c.Local, c.MTU},
		Secret: [16]byte{1},
		Trace: func(at time.Time, outgoing bool, p *wire.Packet) {
			h.observe(at, outgoing, p)
			if outgoing {
				h.config.Send(at, p)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	return h, nil
}

// Deadline returns when Advance has to be called next; the zero time means that
// nothing is scheduled. It may be early.
func (h *Host) Deadline() time.Time {
	first := h.stepper.Deadline()
	for _, at := range h.alarms {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// wakeAt makes Deadline return a time, at the latest.
func (h *Host) wakeAt(at time.Time) { h.alarms = append(h.alarms, at) }

// Advance moves the time on and does what is due.
func (h *Host) Advance(now time.Time) {
	h.now = now
	h.alarms = slices.DeleteFunc(h.alarms, func(at time.Time) bool { return !at.After(now) })
	h.stepper.Advance(now)
	h.notice()
}

// Input takes a frame that has come from the network.
func (h *Host) Input(now time.Time, frame []byte) {
	h.now = now
	h.look()
	if p, err := wire.ParseFrame(frame); err == nil {
		if h.signed(&p) {
			return
		}
		h.urge(&p)
	}
	h.stepper.Input(now, frame)
	h.stepper.Advance(now)
	if e, err := wire.ParseICMPFrame(frame); err == nil {
		h.narrowed = h.narrowed || e.MTU > 0
		h.tellICMP(&e)
	}
	h.notice()
	h.look()
}

// Counters returns what the host has counted.
func (h *Host) Counters() endpoint.Counters { return h.stepper.Stack().Counters() }

// Close ends the host. What it has to say about that is not sent any more.
func (h *Host) Close() error {
	h.config.Send = func(time.Time, *wire.Packet) {}
	return h.stepper.Close()
}

// install gives a file the lowest descriptor that is free, as open(2) does. The
// first three are taken by what every process has.
func (h *Host) install(f *file) int {
	fd := 3
	for h.files[fd] != nil {
		fd++
	}
	h.files[fd] = f
	return fd
}

func (h *Host) socket(fd int) (*socket, Errno) {
	f := h.files[fd]
	switch {
	case f == nil:
		return nil, EBADF
	case f.socket == nil:
		return nil, ENOTSOCK
	}
	return f.socket, ""
}

// Refuse is a call that comes to nothing once its descriptor is known to be good: it
// fails for its other arguments, or is 0.
func (h *Host) Refuse(fd int, e Errno) Op {
	if _, bad := h.socket(fd); bad != "" {
		e = bad
	}
	return status(e)
}

// settle does what a call has asked the endpoint for.
func (h *Host) settle() {
	h.stepper.Advance(h.now)
	h.notice()
}

// A router leads everywhere over the one interface.
type router struct {
	local netip.Addr
	mtu   int
}

// Resolve implements [endpoint.Router].
func (r router) Resolve(_ context.Context, dst, src netip.Addr, _ string) (link.Hop, error) {
	if dst.Is4() != r.local.Is4() {
		return link.Hop{}, fmt.Errorf("%w to %s", link.ErrNoRoute, dst)
	}
	if !src.IsValid() || src.IsUnspecified() {
		src = r.local
	}
	e := wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	if dst.Is6() {
		e.EtherType = wire.EtherTypeIPv6
	}
	return link.Hop{Source: src, MTU: r.mtu, Header: e.Append(nil)}, nil
}

// A wireLink is where frames end that the host has sent; the trace has shown them
// before.
type wireLink struct{ mtu int }

func (l *wireLink) ReadFrames([]link.Frame) (int, error)    { return 0, os.ErrDeadlineExceeded }
func (l *wireLink) WriteFrames(batch [][]byte) (int, error) { return len(batch), nil }
func (l *wireLink) SetReadDeadline(time.Time) error         { return nil }
func (l *wireLink) MTU() int                                { return l.mtu }
func (l *wireLink) Close() error                            { return nil }

var (
	_ link.Link       = (*wireLink)(nil)
	_ endpoint.Router = router{}
)
