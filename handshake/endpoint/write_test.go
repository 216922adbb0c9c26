package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// offloaded has the links cut segments, which they do not for a stack that is traced.
func offloaded(s *setup) {
	s.pair.Offload = true
	s.client.Trace = nil
}

// writeUntilError writes data piece by piece, again and again, and returns how many
// bytes were taken.
func writeUntilError(c net.Conn, data []byte, piece int) (taken int, err error) {
	for {
		at := taken % len(data)
		n, err := c.Write(data[at:min(at+piece, len(data))])
		taken += n
		if err != nil {
			return taken, err
		}
	}
}

// The peer gets what Write says was taken, and nothing else, also where the sending
// side closes while it copies and the loop sends.
func TestCloseAmidWrite(t *testing.T) {
	data := noise(1<<20 + 7)
	for name, end := range map[string]struct {
		close func(c *endpoint.Conn) error
		want  error
	}{
		"CloseWrite": {(*endpoint.Conn).CloseWrite, syscall.EPIPE},
		"Close":      {(*endpoint.Conn).Close, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range 30 {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t, offloaded)
					client, server := joined(l)
					var taken int
					var err error
					var wg sync.WaitGroup
					wg.Go(func() { taken, err = writeUntilError(client, data, 300_000) })
					wg.Go(func() {
						for range 20 * round {
							runtime.Gosched()
						}
						end.close(client)
					})
					got, readErr := io.ReadAll(server)
					wg.Wait()
					if readErr != nil || !errors.Is(err, end.want) {
						t.Fatalf("Write: %v, want %v; Read: %v", err, end.want, readErr)
					}
					if want := bytes.Repeat(data, taken/len(data)+1)[:taken]; !bytes.Equal(got, want) {
						t.Fatalf("round %d: the peer has %d bytes, Write has taken %d", round, len(got), taken)
					}
				})
			}
		})
	}
}

// A reset, too, ends a Write that is copying.
func TestAbortAmidWrite(t *testing.T) {
	data := noise(1 << 20)
	for round := range 20 {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, offloaded)
			client, server := joined(l)
			go func() {
				io.CopyN(io.Discard, server, int64(round)*100_000)
				server.Abort()
			}()
			if _, err := writeUntilError(client, data, len(data)); !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("Write: %v, want %v", err, syscall.ECONNRESET)
			}
		})
	}
}

// What the windows allow goes out without an acknowledgement in between, however many
// calls of the machine that takes.
func TestWindowAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 10 * time.Millisecond
		var held atomic.Bool
		gate := make(chan struct{})
		l := newLab(t, func(s *setup) {
			offloaded(s)
			s.pair.Delay = delay
			s.pair.Forward = func(frame []byte) [][]byte {
				if held.Load() {
					<-gate
				}
				return [][]byte{frame}
			}
		})
		large := handshake.Config{RecvBuffer: 4 << 20, SendBuffer: 4 << 20, InitialWindow: 2000}
		ln := l.listen(endpoint.ListenConfig{Machine: large})
		client := l.mustDial(endpoint.Dialer{Machine: large}, "x")
		server := accept(t, ln)
		read(t, server, 1)
		other := l.mustDial(endpoint.Dialer{}, "")
		time.Sleep(time.Second)

		held.Store(true)
		write(t, other, "x") // keeps the loop busy
		synctest.Wait()
		data := noise(2 << 20)
		if _, err := client.Write(data); err != nil {
			t.Fatal(err)
		}
		held.Store(false)
		close(gate)
		began := time.Now()
		if _, err := io.ReadFull(server, make([]byte, len(data))); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != delay {
			t.Errorf("2 MiB took %v, want %v", took, delay)
		}
	})
}

// While much is sent, what is due for others does not wait for its end.
func TestBulkBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) {
			offloaded(s)
			s.pair.Delay = time.Millisecond
		})
		ln := l.listen(endpoint.ListenConfig{})
		bulk := l.mustDial(endpoint.Dialer{}, "")
		sink := accept(t, ln)
		go io.Copy(io.Discard, sink)
		small := l.mustDial(endpoint.Dialer{}, "")
		peer := accept(t, ln)
		go io.Copy(peer, peer)
		done := make(chan error)
		go func() {
			_, err := bulk.Write(noise(32 << 20))
			done <- err
		}()
		for i := range 20 {
			began := time.Now()
			write(t, small, "ping")
			if got := read(t, small, 4); got != "ping" {
				t.Fatalf("got %q", got)
			}
			if took := time.Since(began); took != 2*time.Millisecond {
				t.Fatalf("round trip %d took %v, want 2ms", i, took)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
