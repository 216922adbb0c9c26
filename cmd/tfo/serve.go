package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
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

// appendText adds the line for people. There are tens of thousands of them a second.
func (s *served) appendText(b []byte) []byte {
	b = append(append(b, s.Remote...), ": Fast Open "...)
	b = append(append(append(b, s.FastOpen...), " ("...), s.Reason...)
	b = strconv.AppendInt(append(b, "), "...), int64(s.SynData), 10)
	b = strconv.AppendUint(append(b, " bytes in the SYN, received "...), s.Received, 10)
	b = strconv.AppendUint(append(b, ", sent "...), s.Sent, 10)
	b = strconv.AppendFloat(append(b, ", "...), float64(s.DurationUS)/1000, 'f', 1, 64)
	return append(append(append(b, " ms, close "...), s.Close...), '\n')
}

// newServed is a connection that ends now, with an error or, if that is nil or
// io.EOF, in order.
func newServed(ctx context.Context, c *endpoint.Conn, written int64, err error) served {
	ended := time.Now()
	if err == io.EOF {
		err = nil
	}
	fo, timing := c.FastOpen(), c.Timing()
	sent, received := c.Transferred()
	if err == nil {
		// A client that closed early is done before the reply is on its way.
		sent = uint64(written)
	}
	return served{
		Remote: c.RemoteAddrPort().String(), FastOpen: string(fo.Outcome), Reason: string(fo.Why),
		SynData: fo.SynData, Received: received, Sent: sent,
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
