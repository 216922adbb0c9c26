package hosttest

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"

	"tfocraft/wire/link/offload"
)

// Wired returns two hosts joined by a veth pair, "veth0" at each end, which is
// up and has no addresses yet.
func Wired(t testing.TB) (near, peer *Host) {
	t.Helper()
	near, peer = New(t), New(t)
	Wire(near, "veth0", peer, "veth0")
	return near, peer
}

// Wire joins two hosts by another veth pair with these names, which is up when it
// returns and has no addresses yet.
func Wire(near *Host, nearIf string, peer *Host, peerIf string) {
	near.t.Helper()
	near.Do(func() error {
		// With different numbers at both ends the kernel takes their state in at
		// once, else up to a second later.
		near.wires++
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: nearIf, MTU: 1500, Index: 1000 * near.wires},
			PeerName:  peerIf, PeerNamespace: netlink.NsFd(peer.ns),
		})
	})
	near.SetUp(nearIf)
	peer.SetUp(peerIf)
	near.awaitUp(nearIf)
	peer.awaitUp(peerIf)
}

// DisableOffload makes an interface send frames as they are on a wire, with whole
// checksums and none above the MTU.
func (h *Host) DisableOffload(ifname string) {
	h.t.Helper()
	h.Do(func() error { return offload.Disable(ifname) })
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
