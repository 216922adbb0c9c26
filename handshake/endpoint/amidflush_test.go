package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// A gatedLink calls during once, while it sends a long frame.
type gatedLink struct {
	*link.Mem
	during atomic.Pointer[func()]
}

func (g *gatedLink) WriteSegments(batch []link.Outgoing) (int, error) {
	for i := range batch {
		if len(batch[i].Payload) > 2048 {
			if f := g.during.Swap(nil); f != nil {
				(*f)()
			}
		}
	}
	return g.Mem.WriteSegments(batch)
}

// gatedPair joins a client behind a gate to a server.
func gatedPair(t *testing.T) (g *gatedLink, client, server *endpoint.Conn) {
	a, b := link.Pair(&link.PairConfig{Offload: true, Delay: time.Millisecond})
	g = &gatedLink{Mem: a}
	l := &lab{t: t}
	l.client = newStack(t, endpoint.Config{Link: g, Router: route{client4, client6, clientMAC, serverMAC}})
	l.server = newStack(t, endpoint.Config{Link: b, Router: route{server4, server6, serverMAC, clientMAC}})
	client, server = joined(l)
	return g, client, server
}

// An application that reads everything and closes while the loop sends has left
// nothing unread.
func TestReadCloseAmidFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, client, server := gatedPair(t)
		write(t, server, "answer")
		time.Sleep(time.Second)
		during := func() {
			if got := read(t, client, 6); got != "answer" {
				t.Errorf("got %q", got)
			}
			client.Close()
		}
		g.during.Store(&during)
		data := noise(60_000) // in one piece
		if n, err := client.Write(data); n != len(data) {
			t.Fatal(n, err)
		}
		if got, err := io.ReadAll(server); err != nil || !bytes.Equal(got, data) {
			t.Errorf("the peer has %d bytes of %d, %v", len(got), len(data), err)
		}
	})
}

// A connection that is aborted while the loop sends has no orderly end.
func TestAbortAmidFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, client, server := gatedPair(t)
		during := func() { client.Abort() }
		g.during.Store(&during)
		client.Write(noise(10_000))
		if got, err := io.ReadAll(server); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer has %d bytes, %v, want %v", len(got), err, syscall.ECONNRESET)
		}
	})
}
