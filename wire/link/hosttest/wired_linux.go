package hosttest

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"
)

// Wired returns two hosts joined by a veth pair, "veth0" at each end, which is
// up and has no addresses yet.
func Wired(t testing.TB) (near, peer *Host) {
	t.Helper()
	near, peer = New(t), New(t)
	near.Do(func() error {
		// With different numbers at both ends the kernel takes their state in at
		// once, else up to a second later.
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "veth0", MTU: 1500, Index: 1000},
			PeerName:  "veth0", PeerNamespace: netlink.NsFd(peer.ns),
		})
	})
	hosts := []*Host{near, peer}
	for _, h := range hosts {
		h.SetUp("veth0")
	}
	for _, h := range hosts {
		h.awaitUp("veth0")
	}
	return near, peer
}

// awaitUp waits until the kernel has noticed that the other end is up, too:
// before that it drops what is sent.
func (h *Host) awaitUp(ifname string) {
	h.t.Helper()
	h.Do(func() error {
		updates, done := make(chan netlink.LinkUpdate, 16), make(chan struct{})
		defer close(done)
		if err := netlink.LinkSubscribeWithOptions(updates, done, netlink.LinkSubscribeOptions{ListExisting: true}); err != nil {
			return err
		}
		for u := range updates {
			if u.Attrs().Name == ifname && u.Attrs().OperState == netlink.OperUp {
				return nil
			}
		}
		return errors.New("no more news of " + ifname)
	})
}
