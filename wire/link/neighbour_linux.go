package link

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

const (
	// resolveTimeout is how long the kernel asks a silent neighbour: three
	// requests, a second apart.
	resolveTimeout = 3 * time.Second
	// The neighbour table is read again after firstPoll, then twice as long
	// each time up to lastPoll.
	firstPoll = time.Millisecond
	lastPoll  = 50 * time.Millisecond
	// knownStates are those in which an entry has a hardware address to use.
	knownStates = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE | unix.NUD_PERMANENT | unix.NUD_NOARP
	// discardPort receives the datagram that provokes address resolution
	// (RFC 863).
	discardPort = 9
)

// header returns the Ethernet header for packets to dst over the next hop,
// which may be of the other family.
func (r *Resolver) header(ctx context.Context, attrs *netlink.LinkAttrs, dst, next netip.Addr) ([]byte, error) {
	version := 4
	if dst.Is6() {
		version = 6
	}
	own := macOf(attrs.HardwareAddr)
	switch {
	case attrs.EncapType != "ether" || attrs.RawFlags&unix.IFF_LOOPBACK != 0:
		return AppendHeader(nil, wire.MAC{}, wire.MAC{}, version), nil
	case attrs.RawFlags&unix.IFF_NOARP != 0:
		return AppendHeader(nil, own, own, version), nil
	case attrs.RawFlags&unix.IFF_POINTOPOINT != 0:
		return AppendHeader(nil, wire.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, own, version), nil
	}
	mac, err := r.neighbour(ctx, attrs, next)
	if err != nil {
		return nil, err
	}
	return AppendHeader(nil, mac, own, version), nil
}

func macOf(b []byte) (m wire.MAC) {
	copy(m[:], b)
	return m
}

// neighbour returns the hardware address of a host on the interface's network,
// and makes the kernel ask for it if it is not known.
func (r *Resolver) neighbour(ctx context.Context, attrs *netlink.LinkAttrs, next netip.Addr) (wire.MAC, error) {
	mac, state, err := r.lookUp(attrs.Index, next)
	if err == nil && state&unix.NUD_STALE != 0 {
		// Good for now. The kernel checks it only if it is used, which it does
		// not see of packet sockets; a refusal (no CAP_NET_ADMIN) changes nothing.
		_ = r.use(attrs, next)
	}
	if err != nil || state&knownStates != 0 {
		return mac, err
	}
	if err := r.provoke(attrs, next); err != nil {
		return wire.MAC{}, err
	}
	limit := time.NewTimer(resolveTimeout)
	defer limit.Stop()
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		select {
		case <-ctx.Done():
			return wire.MAC{}, fmt.Errorf("link: hardware address of %s: %w", next, ctx.Err())
		case <-limit.C:
			return wire.MAC{}, unreachable(next, attrs.Name)
		case <-time.After(wait):
		}
		mac, state, err = r.lookUp(attrs.Index, next)
		switch {
		case err != nil || state&knownStates != 0:
			return mac, err
		case state&unix.NUD_FAILED != 0:
			return wire.MAC{}, unreachable(next, attrs.Name)
		}
	}
}

func unreachable(next netip.Addr, ifname string) error {
	return fmt.Errorf("link: %w: no hardware address for %s on %s", ErrUnreachable, next, ifname)
}

// lookUp reads the kernel's neighbour table; no entry is the state 0.
func (r *Resolver) lookUp(index int, next netip.Addr) (wire.MAC, int, error) {
	family := netlink.FAMILY_V4
	if next.Is6() {
		family = netlink.FAMILY_V6
	}
	table, err := r.handle.NeighList(index, family)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return wire.MAC{}, 0, fmt.Errorf("link: neighbour table: %w", err)
	}
	for _, n := range table {
		if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == next {
			return macOf(n.HardwareAddr), n.State, nil
		}
	}
	return wire.MAC{}, 0, nil
}

// provoke makes the kernel resolve an address, as if it had a packet to send:
// by an entry that is marked as used, or, without CAP_NET_ADMIN, by a datagram.
func (r *Resolver) provoke(attrs *netlink.LinkAttrs, next netip.Addr) error {
	switch err := r.use(attrs, next); {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM):
		return r.sendDatagram(attrs.Index, next)
	case errors.Is(err, unix.ENETDOWN):
		return fmt.Errorf("link: %s is down: %w", attrs.Name, err)
	default:
		return fmt.Errorf("link: resolve %s on %s: %w", next, attrs.Name, err)
	}
}

// use marks a neighbour's entry as used.
func (r *Resolver) use(attrs *netlink.LinkAttrs, next netip.Addr) error {
	return r.handle.NeighSet(&netlink.Neigh{
		LinkIndex: attrs.Index,
		IP:        next.AsSlice(),
		State:     unix.NUD_NONE,
		Flags:     unix.NTF_USE,
	})
}

// sendDatagram sends a byte to the discard port of the next hop itself.
func (r *Resolver) sendDatagram(index int, next netip.Addr) error {
	var to unix.Sockaddr
	probe := r.probes[0]
	if next.Is6() {
		to, probe = &unix.SockaddrInet6{Port: discardPort, Addr: next.As16(), ZoneId: uint32(index)}, r.probes[1]
	} else {
		to = &unix.SockaddrInet4{Port: discardPort, Addr: next.As4()}
	}
	if probe == nil {
		return fmt.Errorf("link: resolve %s: %w", next, unix.EAFNOSUPPORT)
	}
	raw, err := probe.SyscallConn()
	if err != nil {
		return fmt.Errorf("link: resolve %s: %w", next, err)
	}
	var sendErr error
	if err := raw.Control(func(fd uintptr) { sendErr = unix.Sendto(int(fd), []byte{0}, unix.MSG_DONTWAIT, to) }); err != nil {
		return fmt.Errorf("link: resolve %s: %w", next, err)
	}
	if sendErr != nil {
		return fmt.Errorf("link: resolve %s: %w", next, sendErr)
	}
	return nil
}
