// Package hosttest makes hosts for tests that talk to the kernel: network
// namespaces of the test's own, alone or joined by a wire. It is for Linux, and
// only tests import it.
//
// A test without the privilege for it is skipped, with a message that names what
// is missing. Everything else that fails ends the test.
package hosttest

import (
	"errors"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A Host is a network namespace of its own, with a thread that is in it. Its
// methods are called from the test's goroutine, and not from within Do.
type Host struct {
	t     testing.TB
	ns    netns.NsHandle
	calls chan func()
	wires int // that begin here
}

// New makes a namespace with loopback up, which goes with the test.
func New(t testing.TB) *Host {
	t.Helper()
	h := &Host{t: t, calls: make(chan func())}
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
func (h *Host) serve(ready chan<- error) {
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
		err = writeSysctl("net/ipv6/conf/default/accept_dad", "0")
	}
	ready <- err
	if err != nil {
		return
	}
	for call := range h.calls {
		call()
	}
}

// Do runs f on the host's thread and fails the test if it fails. Sockets and
// programs that f opens and starts belong to the host, also when f has returned;
// a goroutine that it starts is on another thread, and so is not in the host.
func (h *Host) Do(f func() error) {
	h.t.Helper()
	done := make(chan error)
	h.calls <- func() { done <- f() }
	if err := <-done; err != nil {
		h.t.Fatal(err)
	}
}

func setUp(ifname string) error {
	l, err := netlink.LinkByName(ifname)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(l)
}
