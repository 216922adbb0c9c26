package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"tfocraft/handshake/endpoint"
)

// patience bounds how long a server waits for a client: for its request, and
// for it to close once it has the reply.
const patience = 30 * time.Second

// longAgo is a deadline that has passed: it ends what is going on.
var longAgo = time.Unix(1, 0)

// served is what became of one connection of a server, in JSON. Its close is
// "orderly" once both sides have closed, "reset", "timeout" or "interrupted"; an
// orderly one does not say that the client has acknowledged our last bytes.
type served struct {
	Remote     string `json:"remote"`
	FastOpen   string `json:"fast_open"`
	Reason     string `json:"-"` // in the text only
	SynData    int    `json:"syn_data"`
	Received   uint64 `json:"received"`
	Sent       uint64 `json:"sent"`
	DurationUS int64  `json:"duration_us"`
	Close      string `json:"close"`
}

func (s served) String() string {
	return fmt.Sprintf("%s: Fast Open %s (%s), %d bytes in the SYN, received %d, sent %d, %s, close %s",
		s.Remote, s.FastOpen, s.Reason, s.SynData, s.Received, s.Sent, milliseconds(s.DurationUS), s.Close)
}

// newServed is a connection that ends now, with an error or, if that is nil or
// io.EOF, in order.
func newServed(ctx context.Context, c *endpoint.Conn, written int64, err error) served {
	ended := time.Now()
	if err == io.EOF {
		err = nil
	}
	info, timing := c.Info(), c.Timing()
	if err == nil {
		// A client that closed early is done before the reply is on its way.
		info.Sent = uint64(written)
	}
	return served{
		Remote: c.RemoteAddr().String(), FastOpen: string(info.FastOpen.Outcome), Reason: string(info.FastOpen.Why),
		SynData: info.FastOpen.SynData, Received: info.Received, Sent: info.Sent,
		DurationUS: micros(timing.Syn, ended), Close: closeWord(ctx, err),
	}
}

// lingeringClose closes the sending side and waits until the client has closed,
// not longer than a client is waited for, and hardly once the context is done.
func lingeringClose(ctx context.Context, c *endpoint.Conn) error {
	if err := c.CloseWrite(); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(patience))
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Now().Add(shutdownTime)) })
	defer stop()
	_, err := io.Copy(io.Discard, c)
	return err
}

func closeWord(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return "orderly"
	case ctx.Err() != nil:
		return "interrupted"
	case isTimeout(err), errors.Is(err, syscall.ETIMEDOUT):
		return "timeout"
	}
	return "reset"
}

// isTimeout reports whether a deadline has passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
