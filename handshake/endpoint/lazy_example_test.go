package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// An http.Client whose requests travel in the SYN, and an http.Server that
// answers them before the handshake is over: both as they are, on connections
// of this package. A request that only reads may arrive twice without harm.
func ExampleDialer_DialLazy() {
	ours, theirs, stop, err := openPair()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	keys := cookie.NewKeyring(cookie.RFC7413, cookie.Key{1, 2, 3})
	lc := endpoint.ListenConfig{Stack: theirs, FastOpen: handshake.GateConfig{Enabled: true, Keyring: keys}}
	ln, err := lc.Listen(context.Background(), "tcp", ":80")
	if err != nil {
		fmt.Println(err)
		return
	}
	go http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello from "+r.URL.Path) }))

	d := endpoint.Dialer{Stack: ours, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
	client := &http.Client{Transport: &http.Transport{DialContext: d.DialLazy, DisableKeepAlives: true}}
	for range 2 {
		var conn *endpoint.LazyConn
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			GotConn: func(got httptrace.GotConnInfo) { conn = got.Conn.(*endpoint.LazyConn) },
		})
		request, err := http.NewRequestWithContext(ctx, "GET", "http://192.0.2.2/page", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			fmt.Println(err)
			return
		}
		response.Body.Close()
		below, err := conn.Connect(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s, %s: %s\n", response.Status, body, below.FastOpen().Outcome)
	}
	// Output:
	// 200 OK, hello from /page: cookie-received
	// 200 OK, hello from /page: accepted
}
