package endpoint_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// lazily prepares a connection to the server of a lab that shows a good cookie.
func (l *lab) lazily() *endpoint.LazyConn {
	l.t.Helper()
	d := endpoint.Dialer{Stack: l.client, FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}
	c, err := d.DialLazy(l.t.Context(), "tcp", address4)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c.(*endpoint.LazyConn)
}

func connect(t *testing.T, c *endpoint.LazyConn) *endpoint.Conn {
	t.Helper()
	conn, err := c.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// slow makes every way last 20 ms.
func slow(s *setup) { s.pair.Delay = 20 * time.Millisecond }

// The SYN waits for the first Write and takes its data along (conformance rule
// L-17); a reader that is there before does not send it away.
func TestLazyWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		c := l.lazily()
		time.Sleep(time.Hour)
		if seen := l.segments(); len(seen) != 0 {
			t.Fatalf("%d segments before the first Write, want none", len(seen))
		}
		response := make(chan string)
		go func() { response <- read(t, c, 5) }()
		synctest.Wait()
		began := time.Now()
		write(t, c, "hello")
		if took := time.Since(began); took != 0 {
			t.Errorf("the first Write took %v, want it not to wait for the handshake", took)
		}
		server := accept(t, ln)
		if got := read(t, server, 5); got != "hello" {
			t.Errorf("the server read %q, want %q", got, "hello")
		}
		write(t, server, "world")
		if got, took := <-response, time.Since(began); got != "world" || took != 40*time.Millisecond {
			t.Errorf("read %q after %v, want %q after one round trip, 40ms", got, took, "world")
		}
		if got := string(l.synOut().Payload); got != "hello" {
			t.Errorf("the SYN has %q, want %q", got, "hello")
		}
		if fo := connect(t, c).FastOpen(); fo.Outcome != handshake.Accepted {
			t.Errorf("Fast Open %s (%s), want %s", fo.Outcome, fo.Why, handshake.Accepted)
		}
	})
}

// What is used without a Write has a SYN without data.
func TestLazyWithoutData(t *testing.T) {
	for _, c := range []struct {
		name  string
		use   func(t *testing.T, c *endpoint.LazyConn)
		after time.Duration // until the SYN
	}{
		{"Read", func(t *testing.T, c *endpoint.LazyConn) { go c.Read(make([]byte, 1)) }, 10 * time.Millisecond},
		{"empty Write", func(t *testing.T, c *endpoint.LazyConn) { write(t, c, "") }, 0},
		{"CloseWrite", func(t *testing.T, c *endpoint.LazyConn) { c.CloseWrite() }, 0},
		{"Connect", func(t *testing.T, c *endpoint.LazyConn) { connect(t, c) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
				lazy := l.lazily()
				c.use(t, lazy)
				server := accept(t, ln)
				seen := l.segments()
				if syn := seen[0]; !isSYN(&syn.p) || len(syn.p.TCP.Payload) != 0 || syn.after != c.after {
					t.Errorf("after %v: %v, want a SYN without data after %v", syn.after, &syn.p, c.after)
				}
				write(t, server, "!")
				server.Close()
				if c.name == "CloseWrite" {
					if got, err := io.ReadAll(lazy); string(got) != "!" || err != nil {
						t.Errorf("read %q, %v", got, err)
					}
					if got, err := io.ReadAll(server); len(got) != 0 || !errors.Is(err, net.ErrClosed) {
						t.Errorf("server read %q, %v", got, err)
					}
				}
			})
		})
	}
}

// A first Write larger than a SYN arrives whole, before those that were called
// after it, and before the FIN.
func TestLazyBigWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		c := l.lazily()
		want := noise(1 << 20)
		var writers sync.WaitGroup
		writers.Go(func() {
			if n, err := c.Write(want); n != len(want) || err != nil {
				t.Errorf("the first Write wrote %d of %d, %v", n, len(want), err)
			}
		})
		synctest.Wait()
		writers.Go(func() {
			write(t, c, "more")
			if err := c.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		got, err := io.ReadAll(accept(t, ln))
		if string(got) != string(want)+"more" || err != nil {
			t.Errorf("the server read %d bytes, %v; want %d", len(got), err, len(want)+4)
		}
		writers.Wait()
	})
}

// A FIN that is asked for while the first Write is not done yet comes behind it.
func TestLazyCloseWriteDuringWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		c := l.lazily()
		want := noise(100 << 10)
		go c.Write(want)
		synctest.Wait()
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(accept(t, ln)); string(got) != string(want) || err != nil {
			t.Errorf("the server read %d bytes, %v; want %d", len(got), err, len(want))
		}
	})
}

// Deadlines hold before there is a connection, during the handshake, and after.
func TestLazyDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		c := l.lazily()
		timesOut := func(what string, f func([]byte) (int, error), after time.Duration) {
			t.Helper()
			began := time.Now()
			_, err := f(make([]byte, 1))
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != after {
				t.Errorf("%s: %v after %v, want %v after %v", what, err, took, os.ErrDeadlineExceeded, after)
			}
		}
		c.SetDeadline(time.Now().Add(-time.Second))
		timesOut("Write before the SYN", c.Write, 0)
		c.SetDeadline(time.Now().Add(5 * time.Millisecond))
		timesOut("Read before the SYN", c.Read, 5*time.Millisecond)
		if seen := l.segments(); len(seen) != 0 {
			t.Errorf("%d segments, want none", len(seen))
		}
		c.SetDeadline(time.Time{})
		write(t, c, "hello")
		c.SetReadDeadline(time.Now().Add(15 * time.Millisecond))
		timesOut("Read during the handshake", c.Read, 15*time.Millisecond)
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // and the handshake has 25 ms to go
		timesOut("Read after the handshake", c.Read, 100*time.Millisecond)
		server := accept(t, ln)
		c.SetReadDeadline(time.Time{})
		write(t, server, "x")
		if got := read(t, c, 1); got != "x" {
			t.Errorf("read %q", got)
		}
	})
}

// Before the SYN, Close and Abort send nothing and wake those that wait.
func TestLazyCloseBefore(t *testing.T) {
	for name, end := range map[string]func(*endpoint.LazyConn) error{"Close": (*endpoint.LazyConn).Close, "Abort": (*endpoint.LazyConn).Abort} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
				c := l.lazily()
				woken := make(chan error)
				go func() {
					_, err := c.Read(make([]byte, 1))
					woken <- err
				}()
				synctest.Wait()
				if err := errors.Join(end(c), end(c)); err != nil {
					t.Error(err)
				}
				_, writing := c.Write([]byte("x"))
				_, connecting := c.Connect(t.Context())
				for what, err := range map[string]error{
					"Read": <-woken, "Write": writing, "Connect": connecting,
					"CloseWrite": c.CloseWrite(), "SetDeadline": c.SetDeadline(time.Now()),
				} {
					if !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s: %v, want %v", what, err, net.ErrClosed)
					}
				}
				time.Sleep(time.Minute)
				if seen := l.segments(); len(seen) != 0 {
					t.Errorf("%d segments, want none", len(seen))
				}
			})
		})
	}
}

// Close during the handshake still sends what was written; Abort does not.
func TestLazyCloseDuring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		ln := l.listen(endpoint.ListenConfig{}) // which takes no data from a SYN
		c := l.lazily()
		write(t, c, "hello")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read: %v, want %v", err, net.ErrClosed)
		}
		if got, err := io.ReadAll(accept(t, ln)); string(got) != "hello" || err != nil {
			t.Errorf("the server read %q, %v; want %q", got, err, "hello")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow)
		l.listen(endpoint.ListenConfig{})
		c := l.lazily()
		write(t, c, "hello")
		synctest.Wait()
		if err := c.Abort(); err != nil {
			t.Error(err)
		}
		if _, err := c.Connect(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("Connect: %v, want %v", err, context.Canceled)
		}
		if n := l.client.Connections(); n != 0 {
			t.Errorf("%d connections left, want none", n)
		}
	})
}

// A handshake that fails is what every later call returns.
func TestLazyRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Backward = tamper(nobodyHome) })
		l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		c := l.lazily()
		write(t, c, "hello")
		for range 2 {
			_, reading := c.Read(make([]byte, 1))
			_, writing := c.Write([]byte("x"))
			_, connecting := c.Connect(t.Context())
			for what, err := range map[string]error{"Read": reading, "Write": writing, "Connect": connecting} {
				h, ok := errors.AsType[*endpoint.HandshakeError](err)
				if !errors.Is(err, syscall.ECONNREFUSED) || !ok || h.Info.FastOpen.SynData != 5 {
					t.Errorf("%s: %v, want a HandshakeError with %v and 5 bytes in the SYN", what, err, syscall.ECONNREFUSED)
				}
			}
		}
	})
}

// Timeout bounds the handshake, and the end of Connect's context its waiting.
func TestLazyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Forward = tamper(func(*wire.Packet) bool { return false }) })
		d := endpoint.Dialer{Stack: l.client, Timeout: time.Second}
		conn, err := d.DialLazy(t.Context(), "tcp", address4)
		if err != nil {
			t.Fatal(err)
		}
		c := conn.(*endpoint.LazyConn)
		time.Sleep(time.Minute)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := c.Connect(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("Connect: %v after %v, want %v after 100ms", err, time.Since(began), context.DeadlineExceeded)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("Read: %v after %v, want %v after 1s", err, time.Since(began), os.ErrDeadlineExceeded)
		}
	})
}

// What cannot be an address is told at once.
func TestLazyAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		d := endpoint.Dialer{Stack: l.client}
		for _, address := range []string{"192.0.2.2", ":80", "192.0.2.2:0", "[::]:80", "224.0.0.1:80"} {
			c, err := d.DialLazy(t.Context(), "tcp", address)
			if _, ok := errors.AsType[*net.OpError](err); !ok || c != nil {
				t.Errorf("%s: %v, %v; want a *net.OpError", address, c, err)
			}
		}
		if _, err := d.DialLazy(t.Context(), "udp", address4); err == nil {
			t.Error("udp: no error")
		}
	})
}

// The conformance suite, from the moment on that the SYN was asked for.
func TestLazyConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		client, server, stop, err := openPair()
		if err != nil {
			return nil, nil, nil, err
		}
		ln, err := (&endpoint.ListenConfig{Stack: server, FastOpen: fastOpen()}).Listen(t.Context(), "tcp", ":80")
		if err != nil {
			return nil, nil, stop, err
		}
		d := endpoint.Dialer{Stack: client, FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}
		if c1, err = d.DialLazy(t.Context(), "tcp", address4); err != nil {
			return nil, nil, stop, err
		}
		if _, err = c1.Write(nil); err != nil {
			return nil, nil, stop, err
		}
		c2, err = ln.Accept()
		return c1, c2, stop, err
	})
}
