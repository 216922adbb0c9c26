package hosttest

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetUp brings an interface up.
func (h *Host) SetUp(ifname string) {
	h.t.Helper()
	h.Do(func() error { return setUp(ifname) })
}

// Address adds addresses with their prefixes, "192.0.2.1/24" or
// "2001:db8::1/64", to an interface that is up. They are usable at once.
func (h *Host) Address(ifname string, prefixes ...string) {
	h.t.Helper()
	h.Do(func() error {
		l, err := netlink.LinkByName(ifname)
		if err != nil {
			return err
		}
		for _, prefix := range prefixes {
			addr, err := netlink.ParseAddr(prefix)
			if err != nil {
				return err
			}
			if addr.IP.To4() == nil {
				addr.Flags = unix.IFA_F_NODAD
			}
			if err := netlink.AddrAdd(l, addr); err != nil {
				return err
			}
			if err := awaitLocal(addr.IP); err != nil {
				return err
			}
		}
		return nil
	})
}

// awaitLocal waits until the kernel takes packets to an address for its own,
// which for IPv6 it does a moment after the address was added.
func awaitLocal(ip net.IP) error {
	for range 5000 {
		routes, err := netlink.RouteGet(ip)
		if err == nil && routes[0].Type == unix.RTN_LOCAL {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s does not become local", ip)
}

// Neighbour tells the host a hardware address for good.
func (h *Host) Neighbour(ifname, ip string, mac net.HardwareAddr) {
	h.t.Helper()
	link := h.Link(ifname)
	h.Do(func() error {
		return netlink.NeighSet(&netlink.Neigh{
			LinkIndex: link.Attrs().Index, IP: net.ParseIP(ip), HardwareAddr: mac, State: unix.NUD_PERMANENT,
		})
	})
}

// Sysctl writes a setting of the host's namespace. The path is below /proc/sys.
func (h *Host) Sysctl(path, value string) {
	h.t.Helper()
	h.Do(func() error { return writeSysctl(path, value) })
}

func writeSysctl(path, value string) error {
	return os.WriteFile("/proc/sys/"+path, []byte(value), 0)
}

// Link returns an interface as it is now.
func (h *Host) Link(ifname string) (l netlink.Link) {
	h.t.Helper()
	h.Do(func() (err error) {
		l, err = netlink.LinkByName(ifname)
		return err
	})
	return l
}

// MAC returns the hardware address of an interface.
func (h *Host) MAC(ifname string) net.HardwareAddr {
	h.t.Helper()
	return h.Link(ifname).Attrs().HardwareAddr
}
