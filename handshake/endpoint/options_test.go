package endpoint_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake/endpoint"
)

// Small writes wait for the acknowledgement of what went before, once that is
// asked for; what waits goes out when it is no longer.
func TestSetNoDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = 100 * time.Millisecond })
		ln := l.listen(endpoint.ListenConfig{})
		client := l.mustDial(endpoint.Dialer{}, "")
		server := accept(t, ln)
		if err := client.SetNoDelay(false); err != nil {
			t.Fatal(err)
		}
		l.segments()
		sent := func() (n int) {
			synctest.Wait()
			for _, s := range l.segments() {
				if s.out && len(s.p.TCP.Payload) > 0 {
					n++
				}
			}
			return n
		}
		for i, want := range []int{1, 0, 0} {
			write(t, client, "x")
			if got := sent(); got != want {
				t.Errorf("write %d: %d segments, want %d", i+1, got, want)
			}
		}
		if err := client.SetNoDelay(true); err != nil {
			t.Fatal(err)
		}
		if got := sent(); got != 1 {
			t.Errorf("without delay: %d segments, want the one that waited", got)
		}
		if got := read(t, server, 3); got != "xxx" {
			t.Errorf("read %q", got)
		}
	})
}

// Close after SetLinger(0) throws away what is under way.
func TestSetLinger(t *testing.T) {
	for sec, want := range map[int]error{-1: nil, 0: syscall.ECONNRESET, 5: nil} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, nil)
			ln := l.listen(endpoint.ListenConfig{})
			client := l.mustDial(endpoint.Dialer{}, "")
			server := accept(t, ln)
			if err := client.SetLinger(sec); err != nil {
				t.Fatal(err)
			}
			client.Close()
			synctest.Wait()
			if n, err := server.Read(make([]byte, 1)); n != 0 || want != nil && !errors.Is(err, want) || want == nil && err.Error() != "EOF" {
				t.Errorf("linger %d: read %d bytes, %v; want %v", sec, n, err, want)
			}
		})
	}
}

// A closed connection takes no options, and none has a socket.
func TestOptionsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		l.listen(endpoint.ListenConfig{})
		c := l.mustDial(endpoint.Dialer{}, "")
		raw, err := c.SyscallConn()
		if raw != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SyscallConn: %v, %v; want %v", raw, err, errors.ErrUnsupported)
		}
		if _, ok := errors.AsType[*net.OpError](err); !ok {
			t.Errorf("SyscallConn: %T, want *net.OpError", err)
		}
		c.Close()
		for name, err := range map[string]error{"SetNoDelay": c.SetNoDelay(true), "SetLinger": c.SetLinger(0)} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v, want %v", name, err, net.ErrClosed)
			}
		}
	})
}

// A Write waits for room in the buffer as it is now.
func TestSetBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		client := l.mustDial(endpoint.Dialer{}, "")
		server := accept(t, ln)
		if err := errors.Join(server.SetReadBuffer(1000), server.GrowReadBuffer(2000), client.SetWriteBuffer(1000)); err != nil {
			t.Fatal(err)
		}
		const size = 1 << 20
		written := make(chan error, 1)
		go func() {
			_, err := client.Write(make([]byte, size))
			written <- err
		}()
		synctest.Wait()
		select {
		case err := <-written:
			t.Fatalf("Write into a small buffer: %v, want it to wait", err)
		default:
		}
		if err := client.SetWriteBuffer(size); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case err := <-written:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("Write waits although there is room")
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if err := client.SetWriteBuffer(size); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v, want %v", err, net.ErrClosed)
		}
	})
}
