package endpoint_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

var (
	clientMAC = wire.MAC{2, 0, 0, 0, 0, 1}
	serverMAC = wire.MAC{2, 0, 0, 0, 0, 2}
	client4   = netip.MustParseAddr("192.0.2.1")
	server4   = netip.MustParseAddr("192.0.2.2")
	client6   = netip.MustParseAddr("2001:db8::1")
	server6   = netip.MustParseAddr("2001:db8::2")
)

// address is where the servers of these tests listen.
const (
	address4 = "192.0.2.2:80"
	address6 = "[2001:db8::2]:80"
)

// A route is a Router to the only other host there is.
type route struct {
	from4, from6 netip.Addr
	own, peer    wire.MAC
}

func (r route) Resolve(_ context.Context, dst, src netip.Addr, _ string) (link.Hop, error) {
	h := link.Hop{Interface: "pair", Source: src, MTU: 1500}
	if !src.IsValid() {
		h.Source = r.from4
		if dst.Is6() {
			h.Source = r.from6
		}
	}
	version := 4
	if dst.Is6() {
		version = 6
	}
	h.Header = link.AppendHeader(nil, r.peer, r.own, version)
	return h, nil
}

// A lab is two hosts joined by a pair of links, with the segments that the
// client's stack has seen. It is made inside a synctest bubble.
type lab struct {
	t              *testing.T
	client, server *endpoint.Stack
	began          time.Time

	mu   sync.Mutex
	seen []sighting
}

// A sighting is a segment at the client.
type sighting struct {
	after time.Duration
	out   bool
	p     wire.Packet
}

// A setup changes what a lab is made of.
type setup struct {
	pair           link.PairConfig
	client, server endpoint.Config
}

func newLab(t *testing.T, change func(*setup)) *lab {
	t.Helper()
	l := &lab{t: t, began: time.Now()}
	s := setup{
		client: endpoint.Config{
			Router: route{client4, client6, clientMAC, serverMAC},
			Local:  []netip.Prefix{netip.PrefixFrom(client4, 32), netip.PrefixFrom(client6, 128)},
			Trace:  l.see,
		},
		server: endpoint.Config{
			Router: route{server4, server6, serverMAC, clientMAC},
			Local:  []netip.Prefix{netip.PrefixFrom(server4, 32), netip.PrefixFrom(server6, 128)},
		},
	}
	if change != nil {
		change(&s)
	}
	a, b := link.Pair(&s.pair)
	s.client.Link, s.server.Link = a, b
	l.client, l.server = newStack(t, s.client), newStack(t, s.server)
	return l
}

func newStack(t *testing.T, c endpoint.Config) *endpoint.Stack {
	t.Helper()
	s, err := endpoint.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// see keeps a copy of a segment.
func (l *lab) see(at time.Time, outgoing bool, p *wire.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := *p
	kept.TCP.Options = bytes.Clone(p.TCP.Options)
	kept.TCP.Payload = bytes.Clone(p.TCP.Payload)
	l.seen = append(l.seen, sighting{at.Sub(l.began), outgoing, kept})
}

// segments returns what was seen so far and forgets it.
func (l *lab) segments() []sighting {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = nil
	return seen
}

// synOut returns the first SYN that the client sent.
func (l *lab) synOut() wire.Segment {
	l.t.Helper()
	for _, s := range l.segments() {
		if s.out && s.p.TCP.Flags.Has(wire.SYN) {
			return s.p.TCP
		}
	}
	l.t.Fatal("no SYN was sent")
	return wire.Segment{}
}

// countResets returns how many resets went out and came in at the client.
func countResets(seen []sighting) (out, in int) {
	for _, s := range seen {
		switch {
		case !s.p.TCP.Flags.Has(wire.RST):
		case s.out:
			out++
		default:
			in++
		}
	}
	return out, in
}

// keyring has a fixed key.
func keyring() *cookie.Keyring {
	return cookie.NewKeyring(cookie.RFC7413, cookie.Key{1, 2, 3})
}

// fastOpen is a gate that is open.
func fastOpen() handshake.GateConfig {
	return handshake.GateConfig{Enabled: true, Keyring: keyring()}
}

// listen opens a listener on port 80 of the server, on both families.
func (l *lab) listen(c endpoint.ListenConfig) *endpoint.Listener {
	l.t.Helper()
	c.Stack = l.server
	ln, err := c.Listen(l.t.Context(), "tcp", ":80")
	if err != nil {
		l.t.Fatal(err)
	}
	return ln
}

// accept returns the next connection of ln.
func accept(t *testing.T, ln *endpoint.Listener) *endpoint.Conn {
	t.Helper()
	c, err := ln.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dial connects to the listener with quick endings, so that nothing is left of
// a connection once both sides have closed.
func (l *lab) dial(d endpoint.Dialer, data string) (*endpoint.Conn, error) {
	d.Stack = l.client
	return d.DialContext(l.t.Context(), "tcp", address4, []byte(data))
}

func (l *lab) mustDial(d endpoint.Dialer, data string) *endpoint.Conn {
	l.t.Helper()
	c, err := l.dial(d, data)
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// echo serves a listener: it sends back what it gets, in capitals, and closes
// after the peer.
func echo(ln *endpoint.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			b, err := io.ReadAll(c)
			if err == nil {
				c.Write([]byte(strings.ToUpper(string(b))))
			}
		}()
	}
}

// finish closes the sending side, reads the rest and closes.
func finish(t *testing.T, c *endpoint.Conn) string {
	t.Helper()
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	return string(b)
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// read reads n bytes.
func read(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tamper returns a hook that changes some packets: change gets each packet and
// reports whether it is to pass. Lengths and checksums are made right again.
func tamper(change func(p *wire.Packet) bool) func([]byte) [][]byte {
	return func(frame []byte) [][]byte {
		p, err := wire.ParseFrame(frame)
		if err != nil {
			return [][]byte{frame}
		}
		if !change(&p) {
			return nil
		}
		p.SetLengths()
		p.SetChecksums()
		return [][]byte{p.Append(nil)}
	}
}

// stripFastOpen overwrites the option with NOPs, as a middlebox does that does
// not know it.
func stripFastOpen(p *wire.Packet) bool {
	var kept wire.Options
	for o := range p.TCP.Options.All() {
		switch {
		case o.Kind == wire.KindFastOpen || o.Kind == wire.KindExperiment2:
			kept = wire.AppendNOP(kept, 2+len(o.Data))
		case o.Kind == wire.KindNOP:
			kept = wire.AppendNOP(kept, 1)
		default:
			kept = wire.AppendOption(kept, o.Kind, o.Data)
		}
	}
	p.TCP.Options = wire.Pad(kept, 0)
	return true
}

func isSYN(p *wire.Packet) bool {
	return p.TCP.Flags.Has(wire.SYN) && !p.TCP.Flags.Has(wire.ACK)
}
