package main

import (
	"context"
	"net"
	"net/netip"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/scripts/bench/internal/bulk"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// ours is a stack with an address that the kernel does not have, so that it needs neither guard nor reservation.
type ours struct {
	*endpoint.Stack
	addr netip.Addr
}

func openOurs(o bulk.Options, busyPoll time.Duration, xdp bool) (ours, error) {
	ifi, err := net.InterfaceByName(o.Interface)
	if err != nil {
		return ours{}, err
	}
	version := 4
	if o.Addr.Is6() {
		version = 6
	}
	hop := link.Hop{
		Interface: o.Interface, Source: o.Addr, MTU: ifi.MTU,
		Header: link.AppendHeader(nil, wire.MAC(o.PeerMAC), wire.MAC(ifi.HardwareAddr), version),
	}
	s, err := endpoint.Open(o.Interface, endpoint.Config{
		Local:  []netip.Prefix{netip.PrefixFrom(o.Addr, o.Addr.BitLen())},
		Router: onlyHop(hop), Ports: allFree{}, BusyPoll: busyPoll, XDP: xdp,
	})
	if err != nil {
		return ours{}, err
	}
	return ours{s, o.Addr}, nil
}

func (s ours) Dial(ctx context.Context, peer netip.AddrPort) (net.Conn, error) {
	d := endpoint.Dialer{Stack: s.Stack, Source: netip.AddrPortFrom(s.addr, 0)}
	return d.DialContext(ctx, "tcp", peer.String(), nil)
}

func (s ours) Listen(local netip.AddrPort) (net.Listener, error) {
	lc := endpoint.ListenConfig{Stack: s.Stack}
	return lc.Listen(context.Background(), "tcp", local.String())
}

// onlyHop is a Router that knows one way.
type onlyHop link.Hop

func (h onlyHop) Resolve(context.Context, netip.Addr, netip.Addr, string) (link.Hop, error) {
	return link.Hop(h), nil
}

// allFree is a Ports for an address that nobody else uses.
type allFree struct{}

func (allFree) Reserve(netip.AddrPort) (func() error, error) {
	return func() error { return nil }, nil
}
