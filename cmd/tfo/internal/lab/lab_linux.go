package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// readyTimeout bounds the wait for interfaces, which takes the kernel about a millisecond.
const readyTimeout = 5 * time.Second

// build turns a topology into namespaces with working interfaces. On an error it leaves what it made to Lab.Close.
func build(ctx context.Context, cfg Config, t topology) error {
	hosts := append([]*Host{t.client}, t.servers...)
	if t.router != nil {
		hosts = append(hosts, t.router)
	}
	if t.middle != nil {
		silent := cfg
		silent.IPv6 = false
		if err := t.middle.create(silent, false); err != nil {
			return err
		}
	}
	for _, h := range hosts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("lab: %w", err)
		}
		if err := h.create(cfg, h == t.router); err != nil {
			return err
		}
	}
	for _, c := range t.cables {
		if err := connect(c[0], c[1], cfg); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("interfaces did not come up"))
	defer cancel()
	if t.middle != nil {
		hosts = append(hosts, t.middle)
	}
	for _, h := range hosts {
		if err := h.Do(func() error { return waitReady(ctx, h.Ports) }); err != nil {
			return err
		}
		if err := h.Do(func() error { return introduce(h) }); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) create(cfg Config, router bool) (err error) {
	if h.ns, err = newNamespace(); err != nil {
		return refused("network namespace", err)
	}
	return h.Do(func() error {
		if err := quiet(cfg); err != nil {
			return err
		}
		if err := forward(cfg, router); err != nil {
			return err
		}
		return bringUp("lo")
	})
}

// quiet makes the host speak only when spoken to, so that a capture shows the exchange and little else. A network
// namespace may start with the machine's IPv4 settings, hence also rp_filter. In a container with /proc/sys mounted
// read-only these settings stay as they are: the lab works, with more noise.
func quiet(cfg Config) error {
	settings := [][2]string{
		{"net.ipv4.conf.all.rp_filter", "0"},
		{"net.ipv4.conf.default.rp_filter", "0"},
	}
	if !cfg.IPv6 {
		settings = append(settings,
			[2]string{"net.ipv6.conf.all.disable_ipv6", "1"},
			[2]string{"net.ipv6.conf.default.disable_ipv6", "1"})
	} else {
		settings = append(settings,
			[2]string{"net.ipv6.conf.default.disable_ipv6", "0"},
			[2]string{"net.ipv6.conf.default.accept_dad", "0"},
			[2]string{"net.ipv6.conf.default.accept_ra", "0"},
			[2]string{"net.ipv6.conf.default.router_solicitations", "0"},
			[2]string{"net.ipv6.conf.default.addr_gen_mode", "0"}, // link-local address from the MAC
			// MLDv1 sends one report when an interface comes up and the next after a random part of this interval (ms).
			[2]string{"net.ipv6.conf.default.force_mld_version", "1"},
			[2]string{"net.ipv6.conf.default.mldv1_unsolicited_report_interval", strconv.Itoa(math.MaxInt32)})
	}
	for _, s := range settings {
		err := writeSysctl(s[0], s[1])
		if err != nil && !errors.Is(err, unix.EROFS) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// forward sets forwarding on the router, and off elsewhere, where the machine's own setting may have come along.
func forward(cfg Config, router bool) error {
	current, err := readSysctl("net.ipv4.ip_forward")
	if err != nil {
		return err
	}
	want := "0"
	if router {
		want = "1"
	}
	if current != want {
		if err := writeSysctl("net.ipv4.ip_forward", want); err != nil {
			return err
		}
	}
	if !router || !cfg.IPv6 {
		return nil
	}
	return writeSysctl("net.ipv6.conf.all.forwarding", want)
}

func bringUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s: set up: %w", name, err)
	}
	return nil
}
