package endpoint_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// The conformance suite for net.Conn, over a clean path and over a bad one,
// with Fast Open and without. It brings its own clock: real time.
func TestConn(t *testing.T) {
	lossy := func() *link.PairConfig {
		return &link.PairConfig{Forward: every(101, drop), Backward: every(103, holdBack())}
	}
	for _, c := range []struct {
		name string
		pair func() *link.PairConfig
		mode handshake.ClientMode
	}{
		{"plain", func() *link.PairConfig { return nil }, handshake.ClientOff},
		{"Fast Open", func() *link.PairConfig { return nil }, handshake.ClientOn},
		{"lossy", lossy, handshake.ClientOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) { return makePipe(t, c.pair(), c.mode) })
		})
	}
}

func makePipe(t *testing.T, pair *link.PairConfig, mode handshake.ClientMode) (c1, c2 net.Conn, stop func(), err error) {
	a, b := link.Pair(pair)
	client, err := endpoint.New(endpoint.Config{Link: a, Router: route{from4: client4, own: clientMAC, peer: serverMAC}})
	if err != nil {
		return nil, nil, nil, err
	}
	server, err := endpoint.New(endpoint.Config{Link: b, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
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
	d := endpoint.Dialer{Stack: client, FastOpen: mode, Cookie: keyring().Mint(client4, server4), Machine: machine}
	if mode == handshake.ClientOff {
		d.Cookie = cookie.Cookie{}
	}
	if c1, err = d.DialContext(t.Context(), "tcp", address4, nil); err != nil {
		return nil, nil, stop, err
	}
	c2, err = ln.Accept()
	return c1, c2, stop, err
}
