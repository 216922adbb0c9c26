package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
)

// steer has a core take what a host receives (RPS).
func steer(ctx context.Context, h *lab.Host, core int) error {
	// /sys shows the interfaces of the namespace in which it was mounted, so this thread, which ends with the function,
	// mounts one that nobody else sees.
	return h.Run(ctx, func(context.Context) error {
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
			return err
		}
		path := fmt.Sprintf("/sys/class/net/%s/queues/rx-0/rps_cpus", h.Interface)
		return os.WriteFile(path, fmt.Appendf(nil, "%x", 1<<core), 0)
	})()
}

// sent returns how many frames have left a host's interface.
func sent(h *lab.Host) (frames uint64, at time.Time, err error) {
	err = h.Do(func() error {
		l, err := netlink.LinkByName(h.Interface)
		if err != nil {
			return err
		}
		frames, at = l.Attrs().Statistics.TxPackets, time.Now()
		return nil
	})
	return frames, at, err
}

// eavesdrop opens a socket that gets every IPv4 frame of a host.
func eavesdrop(h *lab.Host) (frames *os.File, err error) {
	const ipv4 = unix.ETH_P_IP >> 8 // its bytes in the order of the network
	err = h.Do(func() error {
		l, err := netlink.LinkByName(h.Interface)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return err
		}
		frames = os.NewFile(uintptr(fd), "packet socket")
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ipv4, Ifindex: l.Attrs().Index})
	})
	return frames, err
}
