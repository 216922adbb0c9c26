package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// A halfCloser is a connection whose sending side can be closed alone; ours and
// the kernel's both are.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// relayBack is a server of ours that passes everything on to a program on the
// loopback of its host. So a protocol that only that program speaks runs over
// our server.
var relayBack = handle(func(s *site, c net.Conn) error {
	back, err := kernelDial(s.ctx, s.lab.Server, backPort)
	if err != nil {
		return err
	}
	splice(c.(halfCloser), back.(halfCloser))
	return nil
})

// relayFront opens a port on the loopback of the client's host. What is sent
// there goes through our client to the server of the case, the first bytes of
// it in the SYN. So any client can be made to run over our client.
func relayFront(s *site) error {
	dialer, err := s.dialer()
	if err != nil {
		return err
	}
	ln, err := s.kernelListen(s.lab.Client, frontPort)
	if err != nil {
		return err
	}
	dial := func(ctx context.Context, first []byte) (halfCloser, error) {
		return dialer.DialContext(ctx, "tcp", s.addr.String(), first)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { s.note(relay(s.ctx, c.(halfCloser), dial)) }()
		}
	}()
	return nil
}

// relay waits for the first bytes of a connection and dials with them.
func relay(ctx context.Context, c halfCloser, dial func(context.Context, []byte) (halfCloser, error)) error {
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	first := make([]byte, 4096)
	n, err := c.Read(first)
	if err != nil {
		return err
	}
	far, err := dial(ctx, first[:n])
	if err != nil {
		return err
	}
	splice(c, far)
	return nil
}

// splice passes bytes and ends both ways, and closes both connections. Errors
// are seen by the programs at the ends, which are judged.
func splice(a, b halfCloser) {
	defer a.Close()
	defer b.Close()
	b.SetDeadline(time.Now().Add(patience))
	var passing sync.WaitGroup
	for _, way := range [][2]halfCloser{{a, b}, {b, a}} {
		passing.Go(func() {
			io.Copy(way[0], way[1])
			way[0].CloseWrite()
		})
	}
	passing.Wait()
}
