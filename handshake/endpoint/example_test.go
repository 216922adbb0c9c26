package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// A request and its response, twice: the first connection brings a cookie, the
// second one has the request in its SYN. The links are in memory here; for an
// interface of this host, call Open in place of New.
func Example() {
	near, far := link.Pair(nil)
	ours, err := endpoint.New(endpoint.Config{Link: near, Router: route{from4: client4, own: clientMAC, peer: serverMAC}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ours.Close()
	theirs, err := endpoint.New(endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer theirs.Close()

	keys := cookie.NewKeyring(cookie.RFC7413, cookie.Key{1, 2, 3})
	lc := endpoint.ListenConfig{Stack: theirs, FastOpen: handshake.GateConfig{Enabled: true, Keyring: keys}}
	ln, err := lc.Listen(context.Background(), "tcp", ":80")
	if err != nil {
		fmt.Println(err)
		return
	}
	go echo(ln)

	d := endpoint.Dialer{Stack: ours, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
	for range 2 {
		c, err := d.DialContext(context.Background(), "tcp", "192.0.2.2:80", []byte("hello"))
		if err != nil {
			fmt.Println(err)
			return
		}
		c.CloseWrite()
		response, err := io.ReadAll(c)
		if err != nil {
			fmt.Println(err)
			return
		}
		c.Close()
		fo := c.FastOpen()
		fmt.Printf("%s: %s, %s; %d bytes in the SYN\n", response, fo.Outcome, fo.Why, fo.SynData)
	}
	// Output:
	// HELLO: cookie-received, server granted a cookie; 0 bytes in the SYN
	// HELLO: accepted, SYN data acknowledged; 5 bytes in the SYN
}
