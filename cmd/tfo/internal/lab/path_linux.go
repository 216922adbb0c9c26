package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire/link"
	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
)

// joinPath makes the path of a lab between the ports of the host in the middle, the client's first.
func joinPath(middle *Host, cfg *path.Config) (b *bridge.Bridge, err error) {
	err = middle.Do(func() error {
		var links []link.Link
		for _, port := range middle.Ports {
			l, err := link.Open(port.Interface, &link.Config{Tap: true})
			if err != nil {
				return errors.Join(err, closeAll(links))
			}
			links = append(links, l)
		}
		if b, err = bridge.JoinHosts(context.Background(), links[0], links[1:], cfg); err != nil {
			return errors.Join(err, closeAll(links))
		}
		return nil
	})
	return b, err
}

func closeAll(links []link.Link) (err error) {
	for _, l := range links {
		err = errors.Join(err, l.Close())
	}
	return err
}

// introduce tells a host, in whose namespace the caller is, the hardware address of its neighbour.
func introduce(h *Host) error {
	if h.neighbour == nil {
		return nil
	}
	l, err := netlink.LinkByName(h.Interface)
	if err != nil {
		return fmt.Errorf("interface %s: %w", h.Interface, err)
	}
	for _, addr := range []netip.Addr{h.neighbour.Addr4, h.neighbour.Addr6} {
		if !addr.IsValid() {
			continue
		}
		err := netlink.NeighSet(&netlink.Neigh{
			LinkIndex: l.Attrs().Index, IP: addr.AsSlice(), HardwareAddr: h.neighbour.MAC, State: unix.NUD_PERMANENT,
		})
		if err != nil {
			return fmt.Errorf("neighbour %s: %w", addr, err)
		}
	}
	return nil
}
