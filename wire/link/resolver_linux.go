package link

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// A Resolver finds the way to a destination in the kernel's tables. It belongs
// to the network namespace of the thread that made it, and may be used from
// any goroutine, until Close.
type Resolver struct {
	handle *netlink.Handle
	closed atomic.Bool
	probes [2]*os.File // UDP sockets, IPv4 and IPv6; see provoke
}

// NewResolver opens a resolver in the network namespace of the calling thread.
// It needs no privilege.
func NewResolver() (*Resolver, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("link: netlink: %w", err)
	}
	r := &Resolver{handle: handle}
	for i, family := range []int{unix.AF_INET, unix.AF_INET6} {
		// A host without one of the families has no neighbours in it.
		fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			r.probes[i] = os.NewFile(uintptr(fd), "UDP")
		}
	}
	return r, nil
}

// Close closes the resolver. It must not be called while another call is under
// way; later ones return [net.ErrClosed].
func (r *Resolver) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.handle.Close()
	for _, f := range r.probes {
		if f != nil {
			f.Close()
		}
	}
	return nil
}

// Resolve finds the first hop of packets to dst. They come from src if it is
// valid, whether or not it is an address of this host, and leave by the named
// interface if there is a name; the zone of an IPv6 address is such a name,
// too. If the kernel does not know the hardware address of the next hop it is
// made to ask for it, which may take as long as ctx permits, three seconds at
// most.
//
// It fails with [ErrNoInterface], [ErrNoRoute] or [ErrUnreachable], or with the
// error of ctx. Hardware addresses change and expire unnoticed by what is sent
// past the kernel: a connection whose retransmissions go unanswered should
// resolve again.
//
// On Ethernet devices without ARP the kernel's choice is followed: the
// device's own address as destination, or broadcast on a point-to-point one.
func (r *Resolver) Resolve(ctx context.Context, dst, src netip.Addr, ifname string) (Hop, error) {
	if r.closed.Load() {
		return Hop{}, net.ErrClosed
	}
	dst, src = dst.Unmap(), src.Unmap()
	if ifname == "" {
		ifname = dst.Zone()
	}
	dst = dst.WithZone("")
	route, err := r.route(dst, src, ifname)
	if err != nil {
		return Hop{}, err
	}
	link, err := r.handle.LinkByIndex(route.LinkIndex)
	if err != nil {
		return Hop{}, fmt.Errorf("link: route to %s: %w: number %d: %w", dst, ErrNoInterface, route.LinkIndex, err)
	}
	attrs := link.Attrs()
	hop := Hop{
		Interface: attrs.Name,
		Index:     attrs.Index,
		Source:    src,
		MTU:       min(cmp.Or(route.MTU, attrs.MTU), longestPacket(dst)),
		Loopback:  attrs.RawFlags&unix.IFF_LOOPBACK != 0,
	}
	if !src.IsValid() {
		if hop.Source, err = r.source(route, dst); err != nil {
			return Hop{}, err
		}
	}
	hop.AdvMSS = cmp.Or(route.AdvMSS, hop.MTU-minHeaders(dst))
	hop.Header, err = r.header(ctx, attrs, dst, nextHop(route, dst))
	return hop, err
}

// longestPacket returns what the length field of an IP header can tell, header
// included, in bytes. The MTU of the loopback interface is a byte more than
// IPv4 can use.
func longestPacket(dst netip.Addr) int {
	if dst.Is4() {
		return math.MaxUint16
	}
	return wire.IPv6Len + math.MaxUint16
}

// minHeaders returns the length of the IP and TCP headers without options.
func minHeaders(dst netip.Addr) int {
	if dst.Is4() {
		return wire.IPv4Len + wire.HeaderLen
	}
	return wire.IPv6Len + wire.HeaderLen
}

// route asks the kernel which route it would take.
func (r *Resolver) route(dst, src netip.Addr, ifname string) (*netlink.Route, error) {
	if !dst.IsValid() || src.IsValid() && src.Is4() != dst.Is4() {
		return nil, fmt.Errorf("link: %w from %s to %s: addresses are not of one family", ErrNoRoute, src, dst)
	}
	var opts netlink.RouteGetOptions
	if ifname != "" {
		ifi, err := r.Interface(ifname)
		if err != nil {
			return nil, err
		}
		opts.OifIndex = ifi.Index
	}
	if src.IsValid() {
		opts.SrcAddr = src.AsSlice()
	}
	routes, err := r.handle.RouteGetWithOptions(dst.AsSlice(), &opts)
	if err != nil && src.IsValid() {
		// The kernel refuses to route from an address that is not its own.
		opts.SrcAddr = nil
		routes, err = r.handle.RouteGetWithOptions(dst.AsSlice(), &opts)
	}
	via := ""
	if ifname != "" {
		via = " over " + ifname
		if err != nil {
			routes, err = r.unasked(dst, &opts, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("link: %w to %s%s: %w", ErrNoRoute, dst, via, err)
	}
	if len(routes) == 0 {
		return nil, fmt.Errorf("link: %w to %s%s", ErrNoRoute, dst, via)
	}
	route := &routes[0]
	if route.Type != unix.RTN_UNICAST && route.Type != unix.RTN_LOCAL {
		return nil, fmt.Errorf("link: %w to %s%s: it is a %s route", ErrNoRoute, dst, via, routeType(route.Type))
	}
	return route, nil
}

// unasked looks for a route that leaves by the interface of opts by itself. That
// of IPv6 to an address of this host is over loopback, and the kernel denies it
// to those who ask for loopback by name. Without one it returns the error err.
func (r *Resolver) unasked(dst netip.Addr, opts *netlink.RouteGetOptions, err error) ([]netlink.Route, error) {
	free := netlink.RouteGetOptions{SrcAddr: opts.SrcAddr}
	routes, freeErr := r.handle.RouteGetWithOptions(dst.AsSlice(), &free)
	if freeErr != nil || len(routes) == 0 || routes[0].LinkIndex != opts.OifIndex {
		return nil, err
	}
	return routes, nil
}

func routeType(t int) string {
	switch t {
	case unix.RTN_BROADCAST:
		return "broadcast"
	case unix.RTN_MULTICAST:
		return "multicast"
	case unix.RTN_ANYCAST:
		return "anycast"
	case unix.RTN_BLACKHOLE:
		return "blackhole"
	case unix.RTN_UNREACHABLE:
		return "unreachable"
	case unix.RTN_PROHIBIT:
		return "prohibit"
	}
	return fmt.Sprintf("type %d", t)
}

// source returns the kernel's choice of a source address.
func (r *Resolver) source(route *netlink.Route, dst netip.Addr) (netip.Addr, error) {
	if src, ok := netip.AddrFromSlice(route.Src); ok {
		return src.Unmap(), nil
	}
	if route.Type == unix.RTN_LOCAL {
		return dst, nil
	}
	return netip.Addr{}, fmt.Errorf("link: %w to %s: the host has no source address for it", ErrNoRoute, dst)
}

// nextHop returns the address whose hardware address is needed.
func nextHop(route *netlink.Route, dst netip.Addr) netip.Addr {
	if gw, ok := netip.AddrFromSlice(route.Gw); ok && !gw.IsUnspecified() {
		return gw.Unmap()
	}
	// An IPv4 route may have an IPv6 gateway (RFC 8950).
	if via, ok := route.Via.(*netlink.Via); ok {
		if gw, ok := netip.AddrFromSlice(via.Addr); ok {
			return gw.Unmap()
		}
	}
	return dst
}

// Interface finds an interface by its name. It fails with [ErrNoInterface] and
// lists those that there are.
func (r *Resolver) Interface(name string) (*net.Interface, error) {
	links, err := r.links()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(links))
	for i, l := range links {
		if l.Attrs().Name == name {
			return netInterface(l), nil
		}
		names[i] = l.Attrs().Name
	}
	return nil, noInterface(name, names)
}

func (r *Resolver) links() ([]netlink.Link, error) {
	if r.closed.Load() {
		return nil, net.ErrClosed
	}
	links, err := r.handle.LinkList()
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("link: list of interfaces: %w", err)
	}
	return links, nil
}

func netInterface(l netlink.Link) *net.Interface {
	a := l.Attrs()
	return &net.Interface{Index: a.Index, MTU: a.MTU, Name: a.Name, HardwareAddr: a.HardwareAddr, Flags: a.Flags}
}

// ForAddr finds the interface that has a local address: where to listen for
// peers on other hosts. An address that is this host's by a route alone, as
// all of 127.0.0.0/8, is the loopback interface's. Peers on this host always
// come by loopback, whichever interface has the address. It fails with
// [ErrNoInterface] and lists the addresses that there are.
func (r *Resolver) ForAddr(local netip.Addr) (*net.Interface, error) {
	local = local.Unmap()
	links, err := r.links()
	if err != nil {
		return nil, err
	}
	addrs, err := r.handle.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("link: list of addresses: %w", err)
	}
	index := 0
	var there []string
	for _, a := range addrs {
		ip, ok := netip.AddrFromSlice(a.IP)
		if ok && ip.Unmap() == local.WithZone("") && zoneMatches(links, a.LinkIndex, local.Zone()) {
			index = a.LinkIndex
			break
		}
		there = append(there, a.IP.String())
	}
	if index == 0 && local.Zone() == "" {
		if route, err := r.route(local, netip.Addr{}, ""); err == nil && route.Type == unix.RTN_LOCAL {
			index = route.LinkIndex
		}
	}
	for _, l := range links {
		if l.Attrs().Index == index {
			return netInterface(l), nil
		}
	}
	return nil, fmt.Errorf("link: %w has the address %s; there are: %s", ErrNoInterface, local, strings.Join(there, ", "))
}

func zoneMatches(links []netlink.Link, index int, zone string) bool {
	if zone == "" {
		return true
	}
	for _, l := range links {
		if l.Attrs().Index == index {
			return l.Attrs().Name == zone
		}
	}
	return false
}
