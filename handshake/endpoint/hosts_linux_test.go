package endpoint_test

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// A host is a network namespace of its own, with a thread that is in it.
type host struct {
	t     testing.TB
	ns    netns.NsHandle
	calls chan func()
}

// newHost makes a namespace with loopback up, which goes with the test.
func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{t: t, calls: make(chan func())}
	ready := make(chan error)
	go h.serve(ready)
	if err := <-ready; err != nil {
		if errors.Is(err, unix.EPERM) {
			t.Skip("needs CAP_SYS_ADMIN and CAP_NET_ADMIN for a network namespace")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(h.calls)
		h.ns.Close()
	})
	return h
}

// serve runs on a thread that ends with it, as the goroutine stays locked.
func (h *host) serve(ready chan<- error) {
	runtime.LockOSThread()
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		h.ns, err = netns.Get()
	}
	if err == nil {
		err = setUp("lo")
	}
	if err == nil {
		// Nobody asks for a neighbour before the own link-local address is
		// found to be unique, which takes a second or two.
		err = os.WriteFile("/proc/sys/net/ipv6/conf/default/accept_dad", []byte("0"), 0)
	}
	ready <- err
	if err != nil {
		return
	}
	for call := range h.calls {
		call()
	}
}

func setUp(name string) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(l)
}

// do runs f in the namespace and fails the test if it fails.
func (h *host) do(f func() error) {
	h.t.Helper()
	done := make(chan error)
	h.calls <- func() { done <- f() }
	if err := <-done; err != nil {
		h.t.Fatal(err)
	}
}

// configure brings "veth0" up with addresses that are usable at once.
func (h *host) configure(prefixes ...string) {
	h.t.Helper()
	h.do(func() error {
		if err := setUp("veth0"); err != nil {
			return err
		}
		l, err := netlink.LinkByName("veth0")
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
		}
		return nil
	})
}

// wired returns two hosts joined by a veth pair: ours is 192.0.2.1 and
// 2001:db8::1, the other one, whose kernel speaks Fast Open, has 2 for 1.
func wired(t testing.TB) (near, far *host) {
	t.Helper()
	near, far = newHost(t), newHost(t)
	near.do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "veth0", MTU: 1500, Index: 1000},
			PeerName:  "veth0", PeerNamespace: netlink.NsFd(far.ns),
		})
	})
	near.configure(client4.String()+"/24", client6.String()+"/64")
	far.configure(server4.String()+"/24", server6.String()+"/64")
	far.do(func() error { return os.WriteFile("/proc/sys/net/ipv4/tcp_fastopen", []byte("3"), 0) })
	for _, h := range []*host{near, far} {
		h.awaitUp()
	}
	return near, far
}

// awaitUp waits until the kernel has noticed that the other end is up, too.
func (h *host) awaitUp() {
	h.t.Helper()
	h.do(func() error {
		for range 5000 {
			l, err := netlink.LinkByName("veth0")
			if err != nil || l.Attrs().OperState == netlink.OperUp {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return errors.New("veth0 does not come up")
	})
}

// A kernelGuard is the guard of package iptables.
type kernelGuard struct{ *iptables.Guard }

func (g kernelGuard) Protect(local, remote netip.AddrPort) (func() error, error) {
	scope := iptables.Scope{Local: local, Remote: remote, Mode: iptables.ModeInbound}
	return func() error { return g.Remove(scope) }, g.Add(scope)
}

// open opens a guarded stack on an interface of the host.
func (h *host) open(ifname string) *endpoint.Stack {
	h.t.Helper()
	var s *endpoint.Stack
	h.do(func() error {
		g, err := iptables.Open(h.t.Context(), iptables.Config{})
		if err != nil {
			return err
		}
		h.t.Cleanup(func() {
			if left := g.Scopes(); len(left) > 0 {
				h.t.Errorf("rules are left: %v", left)
			}
			g.Close()
		})
		s, err = endpoint.Open(ifname, endpoint.Config{Guard: kernelGuard{g}})
		return err
	})
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return s
}
