package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// timeWait is short, as nobody is left who would send late segments.
const timeWait = 50 * time.Millisecond

// A guard is an [iptables.Guard] as package endpoint wants one.
type guard struct {
	*iptables.Guard
	mode iptables.Mode
}

func (g guard) Protect(local, remote netip.AddrPort) (release func() error, err error) {
	scope := iptables.Scope{Local: local, Remote: remote, Mode: g.mode}
	if err := g.Add(scope); err != nil {
		return nil, err
	}
	return func() error { return g.Remove(scope) }, nil
}

// openStack starts an endpoint of ours on a host; the site ends it.
func (s *site) openStack(host *lab.Host, mode iptables.Mode) (stack *endpoint.Stack, err error) {
	err = host.Do(func() error {
		g, err := iptables.Open(s.ctx, iptables.Config{})
		if err != nil {
			return err
		}
		s.closers = append(s.closers, g.Close)
		stack, err = endpoint.Open(host.Interface, endpoint.Config{Guard: guard{g, mode}})
		return err
	})
	if err == nil {
		s.closers = append(s.closers, stack.Close)
	}
	return stack, err
}

// listen opens a listener of ours with Fast Open at the address of the case.
func (s *site) listen() (*endpoint.Listener, error) {
	stack, err := s.openStack(s.lab.Server, iptables.ModeInbound)
	if err != nil {
		return nil, err
	}
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	lc := endpoint.ListenConfig{Stack: stack, FastOpen: handshake.GateConfig{
		Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, key),
	}}
	lc.Machine.TimeWait = timeWait
	return lc.Listen(s.ctx, "tcp", s.addr.String())
}

// handle makes a starter of a function that serves one connection, which is
// closed when it returns. What the function has to say goes to the notes.
func handle(serve func(s *site, c net.Conn) error) starter {
	return func(s *site) error {
		ln, err := s.listen()
		if err != nil {
			return err
		}
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					c.SetDeadline(time.Now().Add(patience))
					s.note(serve(s, c))
				}()
			}
		}()
		return nil
	}
}

// dialer returns our client with Fast Open; it remembers cookies for the case.
func (s *site) dialer() (*endpoint.Dialer, error) {
	stack, err := s.openStack(s.lab.Client, iptables.ModeRST)
	if err != nil {
		return nil, err
	}
	d := &endpoint.Dialer{
		Stack: stack, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Timeout: patience,
	}
	d.Machine.TimeWait = timeWait
	return d, nil
}

// kernelListen listens on the loopback of a host.
func (s *site) kernelListen(host *lab.Host, port uint16) (ln net.Listener, err error) {
	err = host.Do(func() (err error) {
		ln, err = net.Listen("tcp", loopback(port))
		return err
	})
	if err == nil {
		s.closers = append(s.closers, ignoreClosed(ln.Close))
	}
	return ln, err
}

// kernelDial connects to a port on the loopback of a host.
func kernelDial(ctx context.Context, host *lab.Host, port uint16) (c net.Conn, err error) {
	err = host.Do(func() (err error) {
		c, err = (&net.Dialer{}).DialContext(ctx, "tcp", loopback(port))
		return err
	})
	return c, err
}

func loopback(port uint16) string {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port).String()
}

func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
