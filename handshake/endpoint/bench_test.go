package endpoint_test

import (
	"bytes"
	"io"
	"net/netip"
	"sync"
	"testing"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// twoStacks returns a client's and a server's stack joined in memory, in real
// time.
func twoStacks(b testing.TB) (client, server *endpoint.Stack) {
	b.Helper()
	near, far := link.Pair(&link.PairConfig{Queue: 1 << 16})
	for _, s := range []struct {
		stack **endpoint.Stack
		c     endpoint.Config
	}{
		{&client, endpoint.Config{Link: near, Router: route{from4: client4, own: clientMAC, peer: serverMAC}}},
		{&server, endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}}},
	} {
		stack, err := endpoint.New(s.c)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { stack.Close() })
		*s.stack = stack
	}
	return client, server
}

// twoConns returns both ends of a connection.
func twoConns(b testing.TB) (near, far *endpoint.Conn) {
	b.Helper()
	client, server := twoStacks(b)
	ln, err := (&endpoint.ListenConfig{Stack: server}).Listen(b.Context(), "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	d := endpoint.Dialer{Stack: client}
	if near, err = d.DialContext(b.Context(), "tcp", address4, nil); err != nil {
		b.Fatal(err)
	}
	if far, err = ln.AcceptTCP(); err != nil {
		b.Fatal(err)
	}
	return near, far
}

// BenchmarkTransfer moves 64 KiB each time.
func BenchmarkTransfer(b *testing.B) {
	near, far := twoConns(b)
	go io.Copy(io.Discard, far)
	chunk := make([]byte, 64<<10)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := near.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPingPong sends a byte there and back.
func BenchmarkPingPong(b *testing.B) {
	near, far := twoConns(b)
	go io.Copy(far, far)
	one := make([]byte, 1)
	b.ReportAllocs()
	for b.Loop() {
		near.Write(one)
		if _, err := near.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExchange is a whole connection with Fast Open: request in the SYN,
// response, close.
func BenchmarkExchange(b *testing.B) {
	client, server := twoStacks(b)
	quick := handshake.Config{TimeWait: -1}
	ln, err := (&endpoint.ListenConfig{Stack: server, FastOpen: fastOpen(), Machine: quick}).Listen(b.Context(), "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	go echo(ln)
	d := endpoint.Dialer{Stack: client, FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4), Machine: quick}
	request := []byte("hello")
	b.SetParallelism(64)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c, err := d.DialContext(b.Context(), "tcp", address4, request)
			if err != nil {
				b.Error(err)
				return
			}
			c.CloseWrite()
			if _, err := io.Copy(io.Discard, c); err != nil {
				b.Error(err)
			}
			c.Close()
		}
	})
}

// However much the applications want from the loop, it goes on reading frames.
func TestMailDoesNotStarveFrames(t *testing.T) {
	near, far := twoConns(t)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					near.Info()
					far.Info()
				}
			}
		})
	}
	want := noise(1 << 20)
	go func() {
		near.Write(want)
		near.CloseWrite()
	}()
	if got, err := io.ReadAll(far); !bytes.Equal(got, want) || err != nil {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
	close(done)
	wg.Wait()
}
