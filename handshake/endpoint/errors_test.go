package endpoint_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// An errorCase makes one call fail and says how.
type errorCase struct {
	name    string
	pair    func(*setup)
	call    func(*testing.T, *lab) error
	op      string
	want    error
	timeout bool // what the error's Timeout says
}

// deaf lets no packets through to the server once it is told so.
type deaf struct{ on atomic.Bool }

func (d *deaf) forward(s *setup) {
	s.pair.Forward = tamper(func(*wire.Packet) bool { return !d.on.Load() })
}

// withConn joins client and server and fails a call on the client's side.
func withConn(fail func(client, server *endpoint.Conn) error) func(*testing.T, *lab) error {
	return func(t *testing.T, l *lab) error {
		ln := l.listen(endpoint.ListenConfig{})
		client := l.mustDial(endpoint.Dialer{Machine: handshake.Config{Retries: 1}}, "")
		server := accept(t, ln)
		synctest.Wait()
		return fail(client, server)
	}
}

func readOne(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func writeOne(c net.Conn) error {
	_, err := c.Write([]byte("x"))
	return err
}

func errorCases() []errorCase {
	var readPath, writePath deaf
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	dialWith := func(d endpoint.Dialer) func(*testing.T, *lab) error {
		return func(_ *testing.T, l *lab) error {
			_, err := l.dial(d, "")
			return err
		}
	}
	reset := func(s *endpoint.Conn) {
		s.Abort()
		synctest.Wait()
	}
	return []errorCase{
		{name: "dial refused", op: "dial", want: syscall.ECONNREFUSED,
			pair: func(s *setup) { s.pair.Backward = tamper(nobodyHome) },
			call: func(t *testing.T, l *lab) error {
				l.listen(endpoint.ListenConfig{})
				return dialWith(endpoint.Dialer{})(t, l)
			}},
		{name: "dial without answer", op: "dial", want: syscall.ETIMEDOUT, timeout: true,
			call: dialWith(endpoint.Dialer{Machine: handshake.Config{SynRetries: 1}})},
		{name: "dial out of time", op: "dial", want: os.ErrDeadlineExceeded, timeout: true,
			call: dialWith(endpoint.Dialer{Timeout: time.Second})},
		{name: "dial out of time, by context", op: "dial", want: context.DeadlineExceeded, timeout: true,
			call: dialWith(endpoint.Dialer{Timeout: time.Second})},
		{name: "dial canceled", op: "dial", want: context.Canceled,
			call: func(_ *testing.T, l *lab) error {
				d := endpoint.Dialer{Stack: l.client}
				_, err := d.DialContext(canceled, "tcp", address4, nil)
				return err
			}},
		{name: "dial on a closed stack", op: "dial", want: net.ErrClosed,
			call: func(t *testing.T, l *lab) error {
				l.client.Close()
				return dialWith(endpoint.Dialer{})(t, l)
			}},
		{name: "read after a reset", op: "read", want: syscall.ECONNRESET,
			call: withConn(func(c, s *endpoint.Conn) error { reset(s); return readOne(c) })},
		{name: "write after a reset", op: "write", want: syscall.ECONNRESET,
			call: withConn(func(c, s *endpoint.Conn) error { reset(s); return writeOne(c) })},
		{name: "read on a dead path", op: "read", want: syscall.ETIMEDOUT, timeout: true, pair: readPath.forward,
			call: withConn(func(c, _ *endpoint.Conn) error {
				readPath.on.Store(true)
				if err := writeOne(c); err != nil {
					return err
				}
				return readOne(c)
			})},
		{name: "write on a dead path", op: "write", want: syscall.ETIMEDOUT, timeout: true, pair: writePath.forward,
			call: withConn(func(c, _ *endpoint.Conn) error {
				writePath.on.Store(true)
				_, err := c.Write(make([]byte, 1<<20))
				return err
			})},
		{name: "read past the deadline", op: "read", want: os.ErrDeadlineExceeded, timeout: true,
			call: withConn(func(c, _ *endpoint.Conn) error {
				c.SetReadDeadline(time.Now().Add(time.Second))
				return readOne(c)
			})},
		{name: "write past the deadline", op: "write", want: os.ErrDeadlineExceeded, timeout: true,
			call: withConn(func(c, _ *endpoint.Conn) error {
				c.SetWriteDeadline(time.Now().Add(time.Second))
				_, err := c.Write(make([]byte, 4<<20))
				return err
			})},
		{name: "read after Close", op: "read", want: net.ErrClosed,
			call: withConn(func(c, _ *endpoint.Conn) error { c.Close(); return readOne(c) })},
		{name: "write after Close", op: "write", want: net.ErrClosed,
			call: withConn(func(c, _ *endpoint.Conn) error { c.Close(); return writeOne(c) })},
		{name: "read after Abort", op: "read", want: net.ErrClosed,
			call: withConn(func(c, _ *endpoint.Conn) error { c.Abort(); return readOne(c) })},
		{name: "write after CloseWrite", op: "write", want: syscall.EPIPE,
			call: withConn(func(c, _ *endpoint.Conn) error { c.CloseWrite(); return writeOne(c) })},
		{name: "CloseWrite after Close", op: "close", want: net.ErrClosed,
			call: withConn(func(c, _ *endpoint.Conn) error { c.Close(); return c.CloseWrite() })},
		{name: "deadline after Close", op: "set", want: net.ErrClosed,
			call: withConn(func(c, _ *endpoint.Conn) error { c.Close(); return c.SetDeadline(time.Time{}) })},
		{name: "accept after Close", op: "accept", want: net.ErrClosed,
			call: func(_ *testing.T, l *lab) error {
				ln := l.listen(endpoint.ListenConfig{})
				ln.Close()
				_, err := ln.Accept()
				return err
			}},
		{name: "accept on a closed stack", op: "accept", want: net.ErrClosed,
			call: func(_ *testing.T, l *lab) error {
				ln := l.listen(endpoint.ListenConfig{})
				l.server.Close()
				_, err := ln.Accept()
				return err
			}},
		{name: "listen twice", op: "listen", want: syscall.EADDRINUSE,
			call: func(t *testing.T, l *lab) error {
				l.listen(endpoint.ListenConfig{})
				_, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", ":80")
				return err
			}},
	}
}

// What fails says so as package net does: a *net.OpError with the operation,
// the network and an address, around an error to compare with.
func TestErrors(t *testing.T) {
	for _, c := range errorCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := c.call(t, newLab(t, c.pair))
				if !errors.Is(err, c.want) {
					t.Fatalf("error %v, want %v", err, c.want)
				}
				op, ok := err.(*net.OpError)
				if !ok {
					t.Fatalf("error of type %T, want *net.OpError", err)
				}
				if op.Op != c.op || op.Net != "tcp" || op.Source == nil && op.Addr == nil {
					t.Errorf("operation %q, network %q, from %v to %v; want %q, \"tcp\" and an address", op.Op, op.Net, op.Source, op.Addr, c.op)
				}
				if op.Timeout() != c.timeout {
					t.Errorf("Timeout() = %t, want %t", op.Timeout(), c.timeout)
				}
			})
		})
	}
}

// The end of the stream is io.EOF and nothing else, so that readers compare it.
func TestEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		err := withConn(func(c, s *endpoint.Conn) error { s.CloseWrite(); return readOne(c) })(t, l)
		if err != io.EOF {
			t.Errorf("read: %v, want %v", err, io.EOF)
		}
	})
}
