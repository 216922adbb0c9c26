package link

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// addRoute routes a prefix over a gateway, or by a type of route that goes nowhere.
func (h *host) addRoute(prefix, gateway string, kind int) {
	h.t.Helper()
	h.Do(func() error {
		dst, err := netlink.ParseIPNet(prefix)
		if err != nil {
			return err
		}
		return netlink.RouteAdd(&netlink.Route{Dst: dst, Gw: net.ParseIP(gateway), Type: kind})
	})
}

func TestResolve(t *testing.T) {
	near, peer := wired(t)
	near.addRoute("198.18.0.0/15", peer4.String(), unix.RTN_UNICAST)
	near.addRoute("2001:db8:1::/48", peer6.String(), unix.RTN_UNICAST)
	r := near.resolver()
	own, other := macOf(near.MAC("veth0")), macOf(peer.MAC("veth0"))
	for _, test := range []struct {
		name     string
		dst, src string
		ifname   string
		want     Hop
	}{
		{"neighbour", "192.0.2.2", "", "", Hop{Source: near4, AdvMSS: 1460}},
		{"IPv6 neighbour", "2001:db8::2", "", "", Hop{Source: near6, AdvMSS: 1440}},
		{"gateway", "198.18.5.5", "", "", Hop{Source: near4, AdvMSS: 1460}},
		{"IPv6 gateway", "2001:db8:1::5", "", "", Hop{Source: near6, AdvMSS: 1440}},
		{"mapped", "::ffff:192.0.2.2", "", "", Hop{Source: near4, AdvMSS: 1460}},
		{"own source", "192.0.2.2", "192.0.2.1", "veth0", Hop{Source: near4, AdvMSS: 1460}},
		{"foreign source", "192.0.2.2", "192.0.2.9", "", Hop{Source: ours4, AdvMSS: 1460}},
		{"foreign IPv6 source", "2001:db8::2", "2001:db8::9", "", Hop{Source: ours6, AdvMSS: 1440}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dst := netip.MustParseAddr(test.dst)
			src, _ := netip.ParseAddr(test.src)
			got, err := r.Resolve(t.Context(), dst, src, test.ifname)
			if err != nil {
				t.Fatal(err)
			}
			version := 4
			if dst.Unmap().Is6() {
				version = 6
			}
			if want := AppendHeader(nil, other, own, version); !bytes.Equal(got.Header, want) {
				t.Errorf("header: got %x, want %x", got.Header, want)
			}
			if got.Interface != "veth0" || got.Index == 0 || got.MTU != 1500 || got.Loopback || got.AdvMSS != test.want.AdvMSS || got.Source != test.want.Source {
				t.Errorf("got %+v, want veth0, MTU 1500, %+v", got, test.want)
			}
		})
	}
}

// This host's own addresses are reached over loopback, also when it is asked for
// by name.
func TestResolveOwnAddress(t *testing.T) {
	near, _ := wired(t)
	r := near.resolver()
	for _, dst := range []netip.Addr{near4, near6} {
		for _, ifname := range []string{"", "lo"} {
			got, err := r.Resolve(t.Context(), dst, netip.Addr{}, ifname)
			if err != nil || got.Interface != "lo" || !got.Loopback || got.Source != dst {
				t.Errorf("%s over %q: got %+v, %v, want lo from the address itself", dst, ifname, got, err)
			}
		}
	}
}

// The route's own MTU and MSS count.
func TestResolveRouteMetrics(t *testing.T) {
	near, _ := wired(t)
	near.Do(func() error {
		for prefix, route := range map[string]netlink.Route{
			"198.18.0.0/16": {MTU: 1400, AdvMSS: 1200}, "198.19.0.0/16": {MTU: 1300},
		} {
			route.Dst, _ = netlink.ParseIPNet(prefix)
			route.Gw = peer4.AsSlice()
			if err := netlink.RouteAdd(&route); err != nil {
				return err
			}
		}
		return nil
	})
	r := near.resolver()
	for dst, want := range map[string]Hop{"198.18.0.1": {MTU: 1400, AdvMSS: 1200}, "198.19.0.1": {MTU: 1300, AdvMSS: 1260}} {
		got, err := r.Resolve(t.Context(), netip.MustParseAddr(dst), netip.Addr{}, "")
		if err != nil || got.MTU != want.MTU || got.AdvMSS != want.AdvMSS {
			t.Errorf("%s: got %+v, %v, want %+v", dst, got, err, want)
		}
	}
}

// A link-local address needs its zone.
func TestResolveZone(t *testing.T) {
	near, peer := wired(t)
	near.Do(func() error { // another interface has a route to fe80::/64, too
		return netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "other"}})
	})
	near.Address("veth0", "fe80::11/64")
	peer.Address("veth0", "fe80::12/64")
	hop, err := near.resolver().Resolve(t.Context(), netip.MustParseAddr("fe80::12%veth0"), netip.Addr{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if hop.Interface != "veth0" || !hop.Source.IsLinkLocalUnicast() {
		t.Errorf("got %+v, want veth0 from a link-local address", hop)
	}
}

func TestResolverClosed(t *testing.T) {
	r := newHost(t).resolver()
	r.Close()
	if _, err := r.Resolve(t.Context(), peer4, netip.Addr{}, ""); err != net.ErrClosed {
		t.Errorf("resolve: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := r.Interface("lo"); err != net.ErrClosed {
		t.Errorf("interface: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := r.ForAddr(peer4); err != net.ErrClosed {
		t.Errorf("address: got %v, want %v", err, net.ErrClosed)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second close: got %v, want none", err)
	}
}

func TestResolveErrors(t *testing.T) {
	near, _ := wired(t)
	near.addRoute("198.18.0.0/15", "", unix.RTN_BLACKHOLE)
	near.addRoute("203.0.113.0/24", "", unix.RTN_UNREACHABLE)
	near.addRoute("2001:db8:2::/48", "", unix.RTN_PROHIBIT)
	for _, family := range []string{"ipv4", "ipv6"} {
		near.Sysctl("net/"+family+"/neigh/veth0/retrans_time_ms", "10")
	}
	r := near.resolver()
	for _, test := range []struct {
		name     string
		dst, src string
		ifname   string
		want     error
	}{
		{"no route", "203.0.114.1", "", "", ErrNoRoute},
		{"no IPv6 route", "2001:db8:9::1", "", "", ErrNoRoute},
		{"blackhole", "198.18.0.1", "", "", ErrNoRoute},
		{"unreachable", "203.0.113.1", "", "", ErrNoRoute},
		{"prohibited", "2001:db8:2::1", "", "", ErrNoRoute},
		{"broadcast", "192.0.2.255", "", "", ErrNoRoute},
		{"multicast", "ff02::1", "", "", ErrNoRoute},
		{"two families", "192.0.2.2", "2001:db8::1", "", ErrNoRoute},
		{"no interface", "192.0.2.2", "", "eth9", ErrNoInterface},
		{"no zone", "fe80::1%eth9", "", "", ErrNoInterface},
		{"silent neighbour", "192.0.2.77", "", "", ErrUnreachable},
		{"silent IPv6 neighbour", "2001:db8::77", "", "", ErrUnreachable},
		{"still silent", "192.0.2.77", "", "", ErrUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			src, _ := netip.ParseAddr(test.src)
			_, err := r.Resolve(t.Context(), netip.MustParseAddr(test.dst), src, test.ifname)
			if !errors.Is(err, test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Resolve(ctx, netip.MustParseAddr("192.0.2.78"), netip.Addr{}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v, want %v", err, context.Canceled)
	}
	if _, err := r.Resolve(t.Context(), netip.Addr{}, netip.Addr{}, ""); !errors.Is(err, ErrNoRoute) {
		t.Errorf("no address: got %v, want %v", err, ErrNoRoute)
	}
}

// A stale address is used, and the kernel begins to check it (D-28).
func TestStaleNeighbour(t *testing.T) {
	near, peer := wired(t)
	r, link, mac := near.resolver(), near.Link("veth0").Attrs(), peer.MAC("veth0")
	for _, next := range []netip.Addr{peer4, peer6} {
		near.Do(func() error {
			return netlink.NeighSet(&netlink.Neigh{LinkIndex: link.Index, IP: next.AsSlice(), HardwareAddr: mac, State: unix.NUD_STALE})
		})
		got, err := r.neighbour(t.Context(), link, next)
		if err != nil || got != macOf(mac) {
			t.Errorf("%v: got %v, %v, want %v", next, got, err, mac)
		}
		if _, state, err := r.lookUp(link.Index, next); err != nil || state&unix.NUD_STALE != 0 {
			t.Errorf("%v: got state %#x, %v, want it checked", next, state, err)
		}
	}
}

// Without CAP_NET_ADMIN a datagram makes the kernel ask.
func TestProvokeByDatagram(t *testing.T) {
	near, peer := wired(t)
	r := near.resolver()
	link := near.Link("veth0").Attrs()
	want := macOf(peer.MAC("veth0"))
	for _, next := range []netip.Addr{peer4, peer6} {
		if err := r.sendDatagram(link.Index, next); err != nil {
			t.Fatal(err)
		}
		got, err := r.neighbour(t.Context(), link, next)
		if err != nil || got != want {
			t.Errorf("%v: got %v, %v, want %v", next, got, err, want)
		}
	}
}

func TestHeaderWithoutARP(t *testing.T) {
	r := &Resolver{}
	own := net.HardwareAddr{2, 0, 0, 0, 0, 7}
	broadcast := wire.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for _, test := range []struct {
		name string
		attr netlink.LinkAttrs
		dst  netip.Addr
		want []byte
	}{
		{"NOARP", netlink.LinkAttrs{EncapType: "ether", HardwareAddr: own, RawFlags: unix.IFF_NOARP}, peer4, AppendHeader(nil, macOf(own), macOf(own), 4)},
		{"point to point", netlink.LinkAttrs{EncapType: "ether", HardwareAddr: own, RawFlags: unix.IFF_POINTOPOINT}, peer6, AppendHeader(nil, broadcast, macOf(own), 6)},
		{"tun", netlink.LinkAttrs{EncapType: "none"}, peer6, AppendHeader(nil, wire.MAC{}, wire.MAC{}, 6)},
	} {
		got, err := r.header(t.Context(), &test.attr, test.dst, test.dst)
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: got %x, %v, want %x", test.name, got, err, test.want)
		}
	}
}

func TestForAddr(t *testing.T) {
	near, _ := wired(t)
	r := near.resolver()
	near.Address("veth0", "fe80::11/64")
	for addr, want := range map[string]string{
		"192.0.2.1": "veth0", "2001:db8::1": "veth0", "::ffff:192.0.2.1": "veth0",
		"127.0.0.1": "lo", "127.9.9.9": "lo", "::1": "lo",
		"fe80::11%veth0": "veth0",
	} {
		got, err := r.ForAddr(netip.MustParseAddr(addr))
		if err != nil || got.Name != want {
			t.Errorf("%s: got %+v, %v, want %s", addr, got, err, want)
		}
	}
	for _, addr := range []string{"192.0.2.2", "2001:db8::2", "fe80::11%lo"} {
		_, err := r.ForAddr(netip.MustParseAddr(addr))
		if !errors.Is(err, ErrNoInterface) || !strings.Contains(err.Error(), "192.0.2.1") {
			t.Errorf("%s: got %v, want %v and a list", addr, err, ErrNoInterface)
		}
	}
	if ifi, err := r.Interface("veth0"); err != nil || ifi.MTU != 1500 {
		t.Errorf("veth0: got %+v, %v, want MTU 1500", ifi, err)
	}
	if _, err := r.Interface("eth9"); !errors.Is(err, ErrNoInterface) || !strings.Contains(err.Error(), "lo, veth0") {
		t.Errorf("eth9: got %v, want %v and a list", err, ErrNoInterface)
	}
}
