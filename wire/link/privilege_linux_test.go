package link

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// withoutCapabilities takes them from the host's thread, for good.
func (h *host) withoutCapabilities() {
	h.t.Helper()
	h.capabilities(0)
}

// onlyCapability leaves the host's thread one, for good.
func (h *host) onlyCapability(capability int) {
	h.t.Helper()
	h.capabilities(1 << capability)
}

func (h *host) capabilities(mask uint64) {
	h.t.Helper()
	h.Do(func() error {
		low, high := uint32(mask), uint32(mask>>32)
		data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
		return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
	})
}

func TestWithoutPrivilege(t *testing.T) {
	near, peer := wired(t)
	want := macOf(peer.MAC("veth0"))
	near.withoutCapabilities()
	near.Do(func() error {
		for _, ifname := range []string{"veth0", "lo"} {
			if _, err := Open(ifname, nil); !errors.Is(err, ErrPrivilege) || !errors.Is(err, unix.EPERM) {
				t.Errorf("%s: got %v, want %v", ifname, err, ErrPrivilege)
			}
		}
		// The resolver finds another way to make the kernel ask.
		r, err := NewResolver()
		if err != nil {
			return err
		}
		defer r.Close()
		for _, dst := range []netip.Addr{peer4, peer6} {
			hop, err := r.Resolve(t.Context(), dst, netip.Addr{}, "")
			if err != nil {
				return err
			}
			if got := macOf(hop.Header); got != want {
				t.Errorf("%v: got %v, want %v", dst, got, want)
			}
		}
		return nil
	})
}
