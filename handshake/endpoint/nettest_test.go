package endpoint_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// The conformance suite for net.Conn, over a clean path and over a bad one,
// with Fast Open and without. It brings its own clock: real time.
func TestConn(t *testing.T) {
	clean := func() *link.PairConfig { return nil }
	hurdles := func(forward, backward func() func([]byte) [][]byte) func() *link.PairConfig {
		return func() *link.PairConfig { return &link.PairConfig{Forward: forward(), Backward: backward()} }
	}
	lose := func(n int) func() func([]byte) [][]byte {
		return func() func([]byte) [][]byte { return every(n, drop) }
	}
	reorder := func() func([]byte) [][]byte { return every(20, holdBack()) }
	for _, c := range []struct {
		name    string
		address string
		pair    func() *link.PairConfig
		mode    handshake.ClientMode
	}{
		{"plain", address4, clean, handshake.ClientOff},
		{"IPv6", address6, clean, handshake.ClientOff},
		{"Fast Open", address4, clean, handshake.ClientOn},
		{"Fast Open, IPv6", address6, clean, handshake.ClientOn},
		{"lossy", address4, hurdles(lose(101), func() func([]byte) [][]byte { return every(103, holdBack()) }), handshake.ClientOff},
		{"loss of 5 %", address4, hurdles(lose(20), lose(20)), handshake.ClientOff},
		{"reordered", address4, hurdles(reorder, reorder), handshake.ClientOff},
		{"reordered, IPv6", address6, hurdles(reorder, reorder), handshake.ClientOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				return makePipe(t, c.pair(), c.mode, c.address)
			})
		})
	}
}

func makePipe(t *testing.T, pair *link.PairConfig, mode handshake.ClientMode, address string) (c1, c2 net.Conn, stop func(), err error) {
	a, b := link.Pair(pair)
	client, err := endpoint.New(endpoint.Config{Link: a, Router: route{from4: client4, from6: client6, own: clientMAC, peer: serverMAC}})
	if err != nil {
		return nil, nil, nil, err
	}
	server, err := endpoint.New(endpoint.Config{Link: b, Local: []netip.Prefix{netip.PrefixFrom(server4, 32), netip.PrefixFrom(server6, 128)}})
	if err != nil {
		return nil, nil, nil, err
	}
	stop = func() {
		client.Close()
		server.Close()
	}
	machine := handshake.Config{InitialRTO: 20 * time.Millisecond, MinRTO: 10 * time.Millisecond, DelayedAck: 2 * time.Millisecond}
	ln, err := (&endpoint.ListenConfig{Stack: server, FastOpen: fastOpen(), Machine: machine}).Listen(t.Context(), "tcp", ":80")
	if err != nil {
		return nil, nil, stop, err
	}
	d := endpoint.Dialer{Stack: client, FastOpen: mode, Machine: machine}
	switch {
	case mode == handshake.ClientOff:
	case address == address6:
		d.Cookie = keyring().Mint(client6, server6)
	default:
		d.Cookie = keyring().Mint(client4, server4)
	}
	if c1, err = d.DialContext(t.Context(), "tcp", address, nil); err != nil {
		return nil, nil, stop, err
	}
	c2, err = ln.Accept()
	return c1, c2, stop, err
}
