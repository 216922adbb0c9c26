package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// clientSide returns what makes one connection, and what ends the client.
func (l *labFlags) clientSide(ctx context.Context, host *lab.Host, remote netip.AddrPort) (exchange func(context.Context) ([]byte, error), stop func() error, err error) {
	if l.client == "kernel" {
		client := &lab.KernelClient{Host: host, Timeout: labTimeout}
		return func(ctx context.Context) ([]byte, error) {
			e, err := client.Exchange(ctx, remote, []byte(labRequest))
			return e.Reply, err
		}, func() error { return nil }, nil
	}
	stack, err := labStack(ctx, host, iptables.ModeRST)
	if err != nil {
		return nil, nil, err
	}
	d := endpoint.Dialer{Stack: stack.Stack, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Timeout: labTimeout}
	d.Machine.TimeWait = lingerTime
	return func(ctx context.Context) ([]byte, error) { return dialOnce(ctx, &d, remote) }, stack.shutdown, nil
}

// dialOnce is one connection of our own client.
func dialOnce(ctx context.Context, d *endpoint.Dialer, remote netip.AddrPort) ([]byte, error) {
	c, err := d.DialContext(ctx, "tcp", remote.String(), []byte(labRequest))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(labTimeout))
	return io.ReadAll(c)
}

// serve starts the server's side and returns what ends it.
func (l *labFlags) serve(ctx context.Context, host *lab.Host, addr netip.AddrPort) (stop func() error, err error) {
	if l.server == "kernel" {
		return serveKernel(ctx, host, addr)
	}
	stack, err := labStack(ctx, host, iptables.ModeInbound)
	if err != nil {
		return nil, err
	}
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return nil, errors.Join(err, stack.shutdown())
	}
	lc := endpoint.ListenConfig{Stack: stack.Stack, FastOpen: handshake.GateConfig{
		Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, key),
	}}
	lc.Machine.TimeWait = lingerTime
	ln, err := lc.Listen(ctx, "tcp", addr.String())
	if err != nil {
		return nil, errors.Join(err, stack.shutdown())
	}
	go func() {
		for {
			c, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			labAnswer(ctx, c)
		}
	}()
	return stack.shutdown, nil
}

// labAnswer serves one connection as a server with a goroutine for each would, so that
// its SYN-ACK is sent before its answer. What goes wrong is seen in the segments.
func labAnswer(ctx context.Context, c *endpoint.Conn) {
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(longAgo) })
	defer stop()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 64<<10)); err != nil && err != io.EOF {
		return
	}
	if _, err := io.WriteString(c, labReply); err != nil {
		return
	}
	if c.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c)
	}
}

func serveKernel(ctx context.Context, host *lab.Host, addr netip.AddrPort) (stop func() error, err error) {
	s, err := lab.ListenKernel(host, lab.KernelServerConfig{
		Listen: addr, Timeout: labTimeout, Reply: func(netip.AddrPort, []byte) []byte { return []byte(labReply) },
	})
	if err != nil {
		return nil, err
	}
	go s.Serve(ctx)
	return s.Close, nil
}

// labStack starts an endpoint on a host's interface.
func labStack(ctx context.Context, host *lab.Host, mode iptables.Mode) (stack *guardedStack, err error) {
	err = host.Do(func() error {
		choice := guardChoice{backend: "auto"}
		guard, err := choice.new(ctx, mode, false)
		if err != nil {
			return err
		}
		if stack, err = openStack(host.Interface, nil, guard, &observer{}, 0); err != nil {
			return errors.Join(err, guard.close())
		}
		return nil
	})
	return stack, err
}
