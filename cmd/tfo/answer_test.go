package main

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// answeringPair is a server with these flags, and a stack to dial from.
func answeringPair(t *testing.T, flags *listenFlags) (client *endpoint.Stack, ended *[]served) {
	t.Helper()
	near, far := link.Pair(nil)
	ended = new([]served)
	server, err := endpoint.New(endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(memServer, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	if client, err = endpoint.New(endpoint.Config{Link: near, Router: memRoute{}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	lc := endpoint.ListenConfig{
		Stack: server, HandlerTimeout: patience, ReuseConns: true,
		Handler: newAnswerer(t.Context(), flags, func(s served) { *ended = append(*ended, s) }).handle,
	}
	if _, err := lc.Listen(t.Context(), "tcp", ":80"); err != nil {
		t.Fatal(err)
	}
	return client, ended
}

func dialAnswering(t *testing.T, client *endpoint.Stack, m handshake.Config) *endpoint.Conn {
	t.Helper()
	d := endpoint.Dialer{Stack: client, Machine: m}
	c, err := d.DialContext(t.Context(), "tcp", netip.AddrPortFrom(memServer, 80).String(), []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A client of an echo that resets, or that reads nothing, comes to an end, too.
func TestEchoEnds(t *testing.T) {
	for name, c := range map[string]struct {
		machine handshake.Config
		play    func(c *endpoint.Conn)
		want    string
	}{
		"reset": {handshake.Config{}, func(c *endpoint.Conn) { c.Abort() }, "reset"},
		"reads nothing": {handshake.Config{RecvBuffer: 1000, MaxRecvBuffer: 1000}, func(c *endpoint.Conn) {
			c.SetWriteDeadline(time.Now().Add(time.Second))
			c.Write(make([]byte, 8<<20))
		}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, ended := answeringPair(t, &listenFlags{echo: true})
				conn := dialAnswering(t, client, c.machine)
				time.Sleep(time.Second)
				c.play(conn)
				time.Sleep(2 * patience)
				synctest.Wait()
				if len(*ended) != 1 || (*ended)[0].Close != c.want {
					t.Errorf("reported %+v, want one that ends by %s", *ended, c.want)
				}
			})
		})
	}
}

// A reply that is longer than the send buffer comes whole.
func TestLongReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reply := strings.Repeat("0123456789", 100_000)
		client, ended := answeringPair(t, &listenFlags{reply: reply})
		conn := dialAnswering(t, client, handshake.Config{})
		got, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(got, []byte(reply)) {
			t.Errorf("got %d bytes, %v; want %d", len(got), err, len(reply))
		}
		conn.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		if len(*ended) != 1 || (*ended)[0].Sent != uint64(len(reply)) {
			t.Errorf("reported %+v, want %d bytes sent", *ended, len(reply))
		}
	})
}
