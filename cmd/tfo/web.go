package main

import (
	"context"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"tfocraft/handshake/endpoint"
)

// maxRequest bounds the head of a request, in bytes.
const maxRequest = 64 << 10

// serveSite serves HTTP until the context ends or enough connections have been
// served. Requests that are being answered then have a moment to be done.
func (s *server) serveSite() error {
	web := s.web()
	var conns, accepting sync.WaitGroup
	for _, ln := range s.listeners {
		wl := &webListener{Listener: ln, ctx: s.ctx, conns: &conns, ended: s.report}
		accepting.Go(func() {
			if err := web.Serve(wl); !errors.Is(err, http.ErrServerClosed) {
				s.fail(err)
			}
		})
	}
	<-s.ctx.Done()
	bounded, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if web.Shutdown(bounded) != nil {
		web.Close()
	}
	accepting.Wait()
	conns.Wait()
	return s.failure()
}

// web is net/http's server as it is. There is no bound on how long a response
// may take, only on how long it may stand still: see webConn.Write.
func (s *server) web() *http.Server {
	stderr := s.cmd.ErrOrStderr()
	var access func(*http.Request, *answered)
	if s.flags.observe.verbose {
		access = accessLog(stderr)
	}
	return &http.Server{
		Handler:     s.site.handler(access),
		ReadTimeout: patience, IdleTimeout: patience, MaxHeaderBytes: maxRequest,
		ErrorLog: log.New(stderr, "tfo: ", 0),
	}
}

// A webListener hands net/http connections that tell how they end.
type webListener struct {
	*endpoint.Listener
	ctx   context.Context // whose end interrupts the connections
	conns *sync.WaitGroup // that have not ended
	ended func(served)
}

// Accept implements [net.Listener].
func (l *webListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	l.conns.Add(1)
	return &webConn{Conn: c, listener: l}, nil
}

// A webConn is a connection of a web server that notes how it ends, for its
// line of output, and lets the client close in order.
type webConn struct {
	*endpoint.Conn
	listener *webListener

	mu      sync.Mutex
	closed  bool
	cut     bool  // the read deadline is one in the past: net/http ends a Read by that, nobody was slow
	err     error // of the last Read, or of a Write
	written int64
}

// SetDeadline implements [net.Conn].
func (c *webConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements [net.Conn]. Once the connection is closed its
// deadline is that of finish: net/http takes one back that it has set for a
// moment, also when it has closed the connection meanwhile.
func (c *webConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.cut = !t.IsZero() && !t.After(time.Now())
	return c.Conn.SetReadDeadline(t)
}

// Read implements [net.Conn].
func (c *webConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut || !isTimeout(err) {
		c.err = err
	}
	return n, err
}

// Write implements [net.Conn]. A client that takes nothing for a while is given
// up; one that is slow is not.
func (c *webConn) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(patience))
	n, err := c.Conn.Write(b)
	c.wrote(int64(n), err)
	return n, err
}

// maxPiece is the most that ReadFrom hands to a client at once.
const maxPiece = 64 << 10

// ReadFrom implements [io.ReaderFrom], in pieces each of which the client has a while
// for.
func (c *webConn) ReadFrom(r io.Reader) (total int64, err error) {
	all, ok := r.(*io.LimitedReader)
	if !ok {
		all = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	for {
		piece := io.LimitedReader{R: all.R, N: min(all.N, maxPiece)}
		want := piece.N
		c.Conn.SetWriteDeadline(time.Now().Add(patience))
		n, err := c.Conn.ReadFrom(&piece)
		c.wrote(n, err)
		all.N -= n
		if total += n; err != nil || n < want || all.N == 0 {
			return total, err
		}
	}
}

// wrote notes what became of a write.
func (c *webConn) wrote(n int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written += n
	if _, ok := errors.AsType[*net.OpError](err); ok {
		c.err = err
	}
}

// Close implements [net.Conn].
func (c *webConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		go c.finish()
	}
	return nil
}

// finish closes. When it is the server that ends the connection, it waits for
// the client to close as well, and throws away what still comes: a reset for
// that could destroy the response on its way (RFC 9112, section 9.6).
func (c *webConn) finish() {
	defer c.listener.conns.Done()
	c.mu.Lock()
	err, written := c.err, c.written
	c.mu.Unlock()
	if err == nil {
		err = lingeringClose(c.listener.ctx, c.Conn)
	}
	line := newServed(c.listener.ctx, c.Conn, written, err)
	c.Conn.Close()
	c.listener.ended(line)
}
