package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// joined returns both ends of an established connection.
func joined(l *lab) (client, server *endpoint.Conn) {
	l.t.Helper()
	ln := l.listen(endpoint.ListenConfig{})
	client = l.mustDial(endpoint.Dialer{}, "")
	return client, accept(l.t, ln)
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{})
	r.Read(b)
	return b
}

// 1 MiB each way at once, four times the window, also where the path loses,
// duplicates and reorders.
func TestBigTransfer(t *testing.T) {
	for _, c := range []struct {
		name   string
		hurdle func() func([]byte) [][]byte
	}{
		{"clean", func() func([]byte) [][]byte { return nil }},
		{"loss", func() func([]byte) [][]byte { return every(37, drop) }},
		{"duplicates", func() func([]byte) [][]byte { return every(5, duplicate) }},
		{"reordering", func() func([]byte) [][]byte { return every(11, holdBack()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *setup) {
					s.pair.Delay = 10 * time.Millisecond
					s.pair.Forward, s.pair.Backward = c.hurdle(), c.hurdle()
				})
				client, server := joined(l)
				up, down := noise(1<<20), noise(1 << 20)[1:]
				var wg sync.WaitGroup
				wg.Go(func() { exchange(t, client, up, down) })
				wg.Go(func() { exchange(t, server, down, up) })
				wg.Wait()
			})
		})
	}
}

// every applies a change to each n-th frame.
func every(n int, change func([]byte) [][]byte) func([]byte) [][]byte {
	count := 0
	return func(frame []byte) [][]byte {
		if count++; count%n == 0 {
			return change(frame)
		}
		return [][]byte{frame}
	}
}

func drop([]byte) [][]byte            { return nil }
func duplicate(frame []byte) [][]byte { return [][]byte{frame, bytes.Clone(frame)} }

// holdBack lets every second frame that it gets wait for the next one.
func holdBack() func([]byte) [][]byte {
	var held []byte
	return func(frame []byte) [][]byte {
		if held == nil {
			held = frame
			return nil
		}
		both := [][]byte{frame, held}
		held = nil
		return both
	}
}

// exchange writes and reads at the same time and closes.
func exchange(t *testing.T, c *endpoint.Conn, out, want []byte) {
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := c.Write(out); err != nil {
			t.Errorf("write: %v", err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("read: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, want %d, or they differ", len(got), len(want))
	}
	wg.Wait()
	c.Close()
}

// Many connections at once share a stack, and leave nothing behind: the bubble
// fails if a goroutine is left.
func TestManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = time.Millisecond })
		ln := l.listen(endpoint.ListenConfig{})
		go echo(ln)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				c, err := l.dial(endpoint.Dialer{}, "hello")
				if err != nil {
					t.Error(err)
					return
				}
				c.CloseWrite()
				if got, err := io.ReadAll(c); string(got) != "HELLO" {
					t.Errorf("got %q, %v", got, err)
				}
				c.Close()
			})
		}
		wg.Wait()
		if got := l.client.Counters().ActiveOpens; got != 200 {
			t.Errorf("ActiveOpens = %d, want 200", got)
		}
	})
}

// A half-closed connection still receives: C-91.
func TestHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		write(t, client, "question")
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(server); string(b) != "question" || err != nil {
			t.Errorf("server read %q, %v", b, err)
		}
		if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write after CloseWrite: %v, want %v", err, syscall.EPIPE)
		}
		answer := noise(100 << 10)
		go func() {
			server.Write(answer)
			server.Close()
		}()
		if b, err := io.ReadAll(client); !bytes.Equal(b, answer) || err != nil {
			t.Errorf("client read %d bytes, %v; want %d", len(b), err, len(answer))
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		began := time.Now()
		server.SetReadDeadline(began.Add(time.Second))
		_, err := server.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("read ended after %v with %v", time.Since(began), err)
		}
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
		// Nobody reads: what fits both buffers is written, the rest is not.
		began = time.Now()
		server.SetWriteDeadline(began.Add(time.Second))
		n, err := server.Write(make([]byte, 4<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second || n == 0 {
			t.Errorf("write of %d bytes ended after %v with %v", n, time.Since(began), err)
		}
		server.SetWriteDeadline(time.Time{})
		server.CloseWrite()
		if b, err := io.ReadAll(client); len(b) != n || err != nil {
			t.Errorf("peer read %d bytes, %v; want the %d written", len(b), err, n)
		}
	})
}

// Close wakes those that wait.
func TestCloseUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := joined(newLab(t, nil))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("read: %v, want %v", err, net.ErrClosed)
			}
		})
		wg.Go(func() {
			if _, err := client.Write(make([]byte, 4<<20)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("write: %v, want %v", err, net.ErrClosed)
			}
		})
		synctest.Wait()
		client.Close()
		wg.Wait()
		if err := client.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if err := client.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetDeadline: %v, want %v", err, net.ErrClosed)
		}
	})
}

// What came before a reset can be read, then comes the error: T-92.
func TestDataBeforeReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		write(t, client, "last words")
		synctest.Wait()
		client.Abort()
		synctest.Wait()
		if got := read(t, server, 10); got != "last words" {
			t.Errorf("read %q", got)
		}
		if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("then %v, want %v", err, syscall.ECONNRESET)
		}
		if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("write: %v, want %v", err, syscall.ECONNRESET)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read here: %v, want %v", err, net.ErrClosed)
		}
	})
}

// Close with bytes unread resets: T-93, C-94.
func TestCloseUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		client, server := joined(l)
		write(t, client, "nobody reads this")
		synctest.Wait()
		l.segments()
		server.Close()
		synctest.Wait()
		if _, in := countResets(l.segments()); in != 1 {
			t.Errorf("%d resets came, want 1", in)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read: %v, want %v", err, syscall.ECONNRESET)
		}
	})
}

// Close returns at once; what was written still arrives, and the FIN.
func TestCloseInBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = 50 * time.Millisecond })
		client, server := joined(l)
		want := noise(200 << 10)
		began := time.Now()
		client.Write(want)
		client.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
		got, err := io.ReadAll(server)
		if !bytes.Equal(got, want) || err != nil {
			t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
		}
	})
}

// A silent path ends the connection in the end: C-77.
func TestPathDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := false
		l := newLab(t, func(s *setup) {
			s.pair.Forward = func(f []byte) [][]byte {
				if dead {
					return nil
				}
				return [][]byte{f}
			}
		})
		client, _ := joined(l)
		synctest.Wait()
		dead = true
		write(t, client, "anybody there?")
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("read: %v, want %v", err, syscall.ETIMEDOUT)
		}
	})
}

// An ICMP error ends a dial if it is about the SYN; one that quotes something
// else does not: C-105.
func TestICMP(t *testing.T) {
	for _, c := range []struct {
		name   string
		forged wire.Seq // added to the quoted sequence number
		want   error
	}{
		{"about the SYN", 0, syscall.ECONNREFUSED},
		{"forged", 1000, syscall.ETIMEDOUT},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw := newRawPeer(t, nil)
				go func() {
					syn := raw.next()
					syn.TCP.Seq += c.forged
					raw.send(portUnreachable(&syn))
				}()
				d := endpoint.Dialer{Stack: raw.stack, Machine: handshake.Config{SynRetries: 1}}
				_, err := d.DialContext(t.Context(), "tcp", address4, nil)
				if !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		})
	}
}

// Info and FastOpen go on working after the connection and the stack are gone.
func TestInfoAfterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		client, server := joined(l)
		write(t, client, "hello")
		read(t, server, 5)
		time.Sleep(time.Second) // for the delayed ACK
		l.client.Close()
		if got := client.Info(); got.State != handshake.Closed || got.Sent != 5 {
			t.Errorf("state %v with %d bytes sent, want CLOSED with 5", got.State, got.Sent)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v, want %v", err, net.ErrClosed)
		}
		if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("peer read: %v, want %v", err, syscall.ECONNRESET)
		}
	})
}

func TestConnAddrs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		source := netip.AddrPortFrom(client4, 4000)
		d := endpoint.Dialer{Stack: l.client, Source: source}
		// An IPv4-mapped address is the IPv4 one.
		c, err := d.DialContext(t.Context(), "tcp", "[::ffff:192.0.2.2]:80", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.LocalAddr().String(), source.String(); got != want {
			t.Errorf("local address %s, want %s", got, want)
		}
		if got := c.RemoteAddr().String(); got != address4 {
			t.Errorf("remote address %s, want %s", got, address4)
		}
		s := accept(t, ln)
		if got, want := s.RemoteAddr().String(), source.String(); got != want {
			t.Errorf("the server sees %s, want %s", got, want)
		}
	})
}
