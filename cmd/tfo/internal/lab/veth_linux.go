package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire/link/offload"
)

// readyPoll is the step in which interfaces are asked whether they are up.
const readyPoll = time.Millisecond

// connect joins two ports with a veth pair that is born with each end in its host: it never shows anywhere else.
func connect(a, b end, cfg Config) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = a.port.Interface
	attrs.HardwareAddr = a.port.MAC
	attrs.MTU = cfg.MTU
	// One queue keeps frames in order whatever CPU sends them.
	attrs.NumTxQueues, attrs.NumRxQueues = 1, 1
	pair := netlink.NewVeth(attrs)
	pair.PeerName = b.port.Interface
	pair.PeerHardwareAddr = b.port.MAC
	pair.PeerNamespace = netlink.NsFd(b.host.ns.fd)

	if err := a.host.Do(func() error { return addVeth(pair) }); err != nil {
		return err
	}
	for _, e := range []end{a, b} {
		if err := e.host.Do(func() error { return configure(e.port, cfg) }); err != nil {
			return err
		}
	}
	return nil
}

func addVeth(pair *netlink.Veth) error {
	err := netlink.LinkAdd(pair)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("interface %s: the kernel has no veth, try \"modprobe veth\" as root: %w", pair.Name, err)
	}
	if err != nil {
		return fmt.Errorf("interface %s: add veth: %w", pair.Name, err)
	}
	return nil
}

// configure sets a port up in the namespace of the calling thread.
func configure(p *Port, cfg Config) error {
	link, err := netlink.LinkByName(p.Interface)
	if err != nil {
		return fmt.Errorf("interface %s: %w", p.Interface, err)
	}
	if !cfg.Offload {
		if err := offload.Disable(p.Interface); err != nil {
			return err
		}
	}
	for _, addr := range []netip.Addr{p.Addr4, p.Addr6} {
		if err := addAddress(link, addr); err != nil {
			return err
		}
	}
	if err := bringUp(p.Interface); err != nil {
		return err
	}
	for _, gateway := range []netip.Addr{p.Gateway4, p.Gateway6} {
		if err := addDefaultRoute(link, gateway); err != nil {
			return err
		}
	}
	return nil
}

func addAddress(link netlink.Link, addr netip.Addr) error {
	if !addr.IsValid() {
		return nil
	}
	a := &netlink.Addr{IPNet: &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(bits4, 32)}}
	if addr.Is6() {
		a.Mask = net.CIDRMask(bits6, 128)
		// Nobody else can have the address, and duplicate detection would keep it unusable for seconds.
		a.Flags = unix.IFA_F_NODAD
	}
	if err := netlink.AddrAdd(link, a); err != nil {
		if addr.Is6() && errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("address %s: this kernel has no IPv6: %w", addr, err)
		}
		return fmt.Errorf("address %s: %w", addr, err)
	}
	return nil
}

func addDefaultRoute(link netlink.Link, gateway netip.Addr) error {
	if !gateway.IsValid() {
		return nil
	}
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway.AsSlice()}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("default route via %s: %w", gateway, err)
	}
	return nil
}

// waitReady returns when every port of the calling thread's namespace can send: a frame sent before the kernel has
// noticed the carrier is lost, and its repetition costs a second.
func waitReady(ctx context.Context, ports []Port) error {
	for i := range ports {
		for {
			ready, err := isReady(&ports[i])
			if err != nil {
				return err
			}
			if ready {
				break
			}
			select {
			case <-time.After(readyPoll):
			case <-ctx.Done():
				return fmt.Errorf("interface %s: %w", ports[i].Interface, context.Cause(ctx))
			}
		}
	}
	return nil
}

func isReady(p *Port) (bool, error) {
	link, err := netlink.LinkByName(p.Interface)
	if err != nil {
		return false, fmt.Errorf("interface %s: %w", p.Interface, err)
	}
	if link.Attrs().OperState != netlink.OperUp {
		return false, nil
	}
	if !p.Addr6.IsValid() {
		return true, nil
	}
	addrs, err := netlink.AddrList(link, netlink.FAMILY_V6)
	if err != nil {
		return false, fmt.Errorf("interface %s: list addresses: %w", p.Interface, err)
	}
	// The kernel makes the link-local address when it sees the carrier. A router cannot ask for neighbours without.
	linkLocal := false
	for _, a := range addrs {
		if a.Flags&unix.IFA_F_TENTATIVE != 0 {
			return false, nil
		}
		linkLocal = linkLocal || a.IP.IsLinkLocalUnicast()
	}
	return linkLocal, nil
}
