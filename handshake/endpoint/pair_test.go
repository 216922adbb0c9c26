package endpoint_test

import (
	"net/netip"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// openPair returns a client and a server joined by a pair of links, for those
// that have no testing.TB to fail.
func openPair() (client, server *endpoint.Stack, stop func(), err error) {
	near, far := link.Pair(nil)
	client, err = endpoint.New(endpoint.Config{Link: near, Router: route{from4: client4, own: clientMAC, peer: serverMAC}})
	if err != nil {
		return nil, nil, nil, err
	}
	server, err = endpoint.New(endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
	if err != nil {
		client.Close()
		return nil, nil, nil, err
	}
	return client, server, func() { client.Close(); server.Close() }, nil
}
