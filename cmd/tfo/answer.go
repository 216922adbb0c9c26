package main

import (
	"context"
	"errors"
	"io"
	"syscall"

	"tfocraft/handshake/endpoint"
)

// An answerer serves the connections of a server without a site, in the goroutine of
// their stack: it replies to the first data, or sends everything back, and waits for
// the client to close. Each stack has one of its own.
type answerer struct {
	ctx     context.Context
	echo    bool
	reply   string
	ended   func(served)
	buffer  []byte
	replied *progress // of every connection whose reply had room at once
}

// progress is how far the answer of a connection is.
type progress struct {
	written int64
	left    string
}

func newAnswerer(ctx context.Context, flags *listenFlags, ended func(served)) *answerer {
	return &answerer{
		ctx: ctx, echo: flags.echo, reply: flags.reply, ended: ended,
		buffer: make([]byte, 64<<10), replied: &progress{written: int64(len(flags.reply))},
	}
}

// handle is an [endpoint.Handler].
func (a *answerer) handle(c *endpoint.Conn) {
	var err error
	if a.echo {
		err = a.sendBack(c)
	} else {
		err = a.answer(c)
	}
	if errors.Is(err, syscall.EAGAIN) {
		return
	}
	var written int64
	if p, ok := c.Value().(*progress); ok {
		written = p.written
	}
	a.ended(newServed(a.ctx, c, written, err))
	c.Close()
}

// answer replies to the first data, or to the end where there is none, and takes what
// else comes.
func (a *answerer) answer(c *endpoint.Conn) error {
	_, err := c.TryRead(a.buffer)
	begun := c.Value() != nil // what is left of the reply waits for room only
	if err != nil && err != io.EOF && !(begun && errors.Is(err, syscall.EAGAIN)) {
		return err
	}
	if err := a.write(c); err != nil {
		return err
	}
	for err == nil {
		_, err = c.TryRead(a.buffer)
	}
	return err
}

// write writes what is left of the reply, and closes the sending side behind it.
func (a *answerer) write(c *endpoint.Conn) error {
	p, begun := c.Value().(*progress)
	if !begun {
		if n, err := c.TryWrite([]byte(a.reply)); err == nil && n == len(a.reply) {
			p = a.replied
		} else {
			p = &progress{written: int64(n), left: a.reply[n:]}
		}
		c.SetValue(p)
		if p.left == "" {
			return c.CloseWrite()
		}
	}
	if p.left == "" {
		return nil
	}
	n, err := c.TryWrite([]byte(p.left))
	p.written += int64(n)
	if p.left = p.left[n:]; err == nil && p.left == "" {
		return c.CloseWrite()
	}
	return err
}

// stuck says why there is no room to write, or EAGAIN if there will be.
func (a *answerer) stuck(c *endpoint.Conn) error {
	if _, err := c.TryWrite(nil); err != nil {
		return err
	}
	if _, err := c.TryRead(nil); err != nil {
		return err
	}
	return syscall.EAGAIN
}

// sendBack sends back what has come, as far as there is room.
func (a *answerer) sendBack(c *endpoint.Conn) error {
	p, begun := c.Value().(*progress)
	if !begun {
		p = &progress{}
		c.SetValue(p)
	}
	for {
		room := c.Room()
		if room == 0 {
			return a.stuck(c)
		}
		n, err := c.TryRead(a.buffer[:min(room, len(a.buffer))])
		if err != nil {
			return err
		}
		if n, err = c.TryWrite(a.buffer[:n]); err != nil {
			return err
		}
		p.written += int64(n)
	}
}
