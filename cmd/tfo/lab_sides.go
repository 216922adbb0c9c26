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
	flags := listenFlags{reply: labReply}
	go func() {
		for {
			c, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			flags.serve(ctx, c)
		}
	}()
	return stack.shutdown, nil
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
		if stack, err = openStack(host.Interface, nil, guard, &observer{}); err != nil {
			return errors.Join(err, guard.close())
		}
		return nil
	})
	return stack, err
}
