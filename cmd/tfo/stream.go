package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"tfocraft/handshake/endpoint"
)

// A stream joins standard input and output to a connection.
type stream struct {
	ctx     context.Context
	conn    *endpoint.LazyConn
	silence time.Duration // that the server may keep once our side has ended
	ended   atomic.Bool   // our side has
	failed  error         // standard input; set before the connection is aborted for it
}

// stream sends standard input while it comes, prints what comes back, and ends
// when the server closes. The first bytes travel in the SYN if they are there at
// once: see [endpoint.LazyConn].
func (c *client) stream(ctx context.Context, r *result) error {
	c.dialer.Timeout = c.flags.timeout
	conn, err := c.dialLazy(ctx)
	if err != nil {
		return err
	}
	s := &stream{ctx: ctx, conn: conn, silence: c.flags.timeout}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo) })
	defer stop()
	go s.send(c.cmd.InOrStdin(), c.flags.keepOpen)
	_, err = c.print(s, r)
	if err != nil {
		// An interrupt is an ordinary end, of a connection that there is.
		if _, early := conn.Connect(ctx); early != nil || ctx.Err() == nil {
			conn.Abort()
		}
	}
	err = c.settle(conn, r, because(ctx, err))
	return errors.Join(s.explain(err), conn.Close())
}

// dialLazy makes a connection whose SYN waits for data.
func (c *client) dialLazy(ctx context.Context) (*endpoint.LazyConn, error) {
	conn, err := c.dialer.DialLazy(ctx, "tcp", c.remote.String())
	if err != nil {
		return nil, err
	}
	return conn.(*endpoint.LazyConn), nil
}

// send copies the input to its end. It may still be reading when the stream is
// over: nothing ends a read of standard input.
func (s *stream) send(input io.Reader, keepOpen bool) {
	in := &failingReader{Reader: input}
	_, err := io.Copy(s.conn, in)
	switch {
	case in.err != nil:
		s.failed = in.err
		s.conn.Abort()
		return
	case err != nil: // and reading from the connection says why
		return
	}
	if !keepOpen {
		s.conn.CloseWrite()
	} else {
		s.conn.Write(nil) // for a SYN, if there was no data
	}
	s.ended.Store(true)
	s.expect()
}

// expect bounds how long the server may be silent from now on, unless an
// interrupt, which may come at this very moment, has ended all patience.
func (s *stream) expect() {
	s.conn.SetReadDeadline(time.Now().Add(s.silence))
	if s.ctx.Err() != nil {
		s.conn.SetReadDeadline(longAgo)
	}
}

// Read reads from the connection. Before our side has ended the server may be
// silent as long as it likes.
func (s *stream) Read(b []byte) (int, error) {
	if s.ended.Load() {
		s.expect()
	}
	return s.conn.Read(b)
}

// explain says what an error of the connection came of.
func (s *stream) explain(err error) error {
	switch {
	case errors.Is(err, net.ErrClosed) && s.failed != nil:
		return fmt.Errorf("standard input: %w", s.failed)
	case isTimeout(err):
		return fmt.Errorf("timed out after %v", s.silence)
	}
	return err
}

// settle takes what a lazy connection knows once its handshake is over or was
// given up. It returns err, or in its place why there was no connection.
func (c *client) settle(lazy *endpoint.LazyConn, r *result, err error) error {
	conn, failed := lazy.Connect(context.Background())
	if failed == nil {
		r.setConnection(conn)
		return err
	}
	r.setFailedDial(failed)
	if err != nil && (errors.Is(failed, context.Canceled) || errors.Is(failed, net.ErrClosed)) {
		return err // which is why we gave it up
	}
	return failed
}

// A failingReader keeps the error that ends it, other than [io.EOF].
type failingReader struct {
	io.Reader
	err error
}

func (f *failingReader) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err != io.EOF {
		f.err = err
	}
	return n, err
}
