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

// served is what became of one connection of a server, in JSON.
type served struct {
	Remote     string `json:"remote"`
	FastOpen   string `json:"fast_open"`
	Reason     string `json:"reason"`
	SynOption  string `json:"syn_option"`
	SynData    int    `json:"syn_data"`
	Received   uint64 `json:"received"`
	Sent       uint64 `json:"sent"`
	DurationUS int64  `json:"duration_us"`
	Close      string `json:"close"` // "orderly", "reset", "timeout" or "interrupted"
}

func (s served) String() string {
	return fmt.Sprintf("%s  Fast Open %s: %s; %d bytes in the SYN; received %d, sent %d in %d us; close: %s",
		s.Remote, s.FastOpen, s.Reason, s.SynData, s.Received, s.Sent, s.DurationUS, s.Close)
}

// serve talks to one client and closes.
func (l *listenFlags) serve(ctx context.Context, c *endpoint.Conn) served {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.SetDeadline(time.Now().Add(patience))
	err := l.answer(c)
	if err == nil {
		_, err = io.Copy(io.Discard, c)
	}
	ended := time.Now()
	info, timing := c.Info(), c.Timing()
	line := served{
		Remote: c.RemoteAddr().String(), FastOpen: string(info.FastOpen.Outcome), Reason: string(info.FastOpen.Why),
		SynOption: string(info.FastOpen.SynOption), SynData: info.FastOpen.SynData, Received: info.Received, Sent: info.Sent,
		DurationUS: micros(timing.Syn, ended), Close: closeWord(ctx, err),
	}
	c.Close()
	return line
}

// answer replies to the first data, or to everything for an echo, and closes
// the sending side.
func (l *listenFlags) answer(c *endpoint.Conn) error {
	if l.echo {
		if _, err := io.Copy(c, c); err != nil {
			return err
		}
		return c.CloseWrite()
	}
	first := make([]byte, 64<<10)
	if _, err := c.Read(first); err != nil && err != io.EOF {
		return err
	}
	if _, err := io.WriteString(c, l.reply); err != nil {
		return err
	}
	return c.CloseWrite()
}

func closeWord(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return "orderly"
	case ctx.Err() != nil:
		return "interrupted"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return "timeout"
	}
	return "reset"
}
