package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
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

// address adds addresses with their prefixes to an interface, usable at once.
func (h *host) address(ifname string, prefixes ...string) {
	h.t.Helper()
	h.do(func() error {
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

// neighbour tells the host a hardware address for good.
func (h *host) neighbour(ifname, ip string, mac net.HardwareAddr) {
	h.t.Helper()
	h.do(func() error {
		l, err := netlink.LinkByName(ifname)
		if err != nil {
			return err
		}
		return netlink.NeighSet(&netlink.Neigh{
			LinkIndex: l.Attrs().Index, IP: net.ParseIP(ip), HardwareAddr: mac, State: unix.NUD_PERMANENT,
		})
	})
}

// sysctl writes a setting of the host's namespace.
func (h *host) sysctl(path, value string) {
	h.t.Helper()
	h.do(func() error { return os.WriteFile("/proc/sys/"+path, []byte(value), 0) })
}

func (h *host) open(ifname string, cfg *Config) *Packet {
	h.t.Helper()
	var l *Packet
	h.do(func() (err error) {
		l, err = Open(ifname, cfg)
		return err
	})
	h.t.Cleanup(func() { l.Close() })
	return l
}

func (h *host) resolver() *Resolver {
	h.t.Helper()
	var r *Resolver
	h.do(func() (err error) {
		r, err = NewResolver()
		return err
	})
	h.t.Cleanup(func() { r.Close() })
	return r
}

// listen makes the host's kernel listen.
func (h *host) listen(address string) net.Listener {
	h.t.Helper()
	var l net.Listener
	h.do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	h.t.Cleanup(func() { l.Close() })
	return l
}

// The addresses of a wired pair of hosts. Those of "ours" belong to nobody's
// kernel: the peer knows them as neighbours at the other end, so the kernel
// there does not interfere with what a test does.
var (
	near4 = netip.MustParseAddr("192.0.2.1")
	near6 = netip.MustParseAddr("2001:db8::1")
	peer4 = netip.MustParseAddr("192.0.2.2")
	peer6 = netip.MustParseAddr("2001:db8::2")
	ours4 = netip.MustParseAddr("192.0.2.9")
	ours6 = netip.MustParseAddr("2001:db8::9")
)

// wired returns two hosts joined by a veth pair, "veth0" at each end.
func wired(t testing.TB) (near, peer *host) {
	t.Helper()
	near, peer = newHost(t), newHost(t)
	near.do(func() error {
		// With different numbers at both ends the kernel takes their state in at
		// once, else up to a second later.
		veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "veth0", MTU: 1500, Index: 1000}, PeerName: "veth0", PeerNamespace: netlink.NsFd(peer.ns)}
		if err := netlink.LinkAdd(veth); err != nil {
			return err
		}
		return setUp("veth0")
	})
	peer.do(func() error { return setUp("veth0") })
	near.awaitUp("veth0")
	peer.awaitUp("veth0")
	near.address("veth0", near4.String()+"/24", near6.String()+"/64")
	peer.address("veth0", peer4.String()+"/24", peer6.String()+"/64")
	mac := near.mac("veth0")
	peer.neighbour("veth0", ours4.String(), mac)
	peer.neighbour("veth0", ours6.String(), mac)
	return near, peer
}

// awaitUp waits until the kernel has noticed that the other end is up, too:
// before that it drops what is sent.
func (h *host) awaitUp(ifname string) {
	h.t.Helper()
	h.do(func() error {
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

func (h *host) mac(ifname string) (mac net.HardwareAddr) {
	h.t.Helper()
	h.do(func() error {
		l, err := netlink.LinkByName(ifname)
		if err == nil {
			mac = l.Attrs().HardwareAddr
		}
		return err
	})
	return mac
}

// segment returns a frame with a segment behind the header.
func segment(header []byte, src, dst netip.AddrPort, s wire.Segment) []byte {
	p := wire.NewPacket(src, dst, s)
	p.SetLengths()
	p.SetChecksums()
	return p.Append(append([]byte(nil), header...))
}

// syn is the first segment of a connection.
func syn() wire.Segment {
	return wire.Segment{Seq: 1000, Flags: wire.SYN, Window: 65535, Options: wire.AppendMSS(nil, 1460)}
}

func write(t testing.TB, l Link, frames ...[]byte) {
	t.Helper()
	if n, err := l.WriteFrames(frames); n != len(frames) || err != nil {
		t.Fatalf("write: got %d, %v, want %d", n, err, len(frames))
	}
}

// next reads one frame; a test that gets none fails after a while.
func next(t testing.TB, l Link) (Frame, wire.Packet) {
	t.Helper()
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	batch := make([]Frame, 1)
	if _, err := l.ReadFrames(batch); err != nil {
		t.Fatal(err)
	}
	p, err := wire.ParseFrame(batch[0].Data)
	if err != nil {
		t.Fatalf("frame %x: %v", batch[0].Data, err)
	}
	return batch[0], p
}

// wantSynAck reads a SYN-ACK from and to the given addresses.
func wantSynAck(t *testing.T, l Link, from, to netip.AddrPort) (Frame, wire.Packet) {
	t.Helper()
	f, p := next(t, l)
	if p.Src() != from || p.Dst() != to || p.TCP.Flags != wire.SYN|wire.ACK || p.TCP.Ack != 1001 {
		t.Fatalf("got %v to %v, flags %v, ack %d, want a SYN-ACK from %v to %v", p.Src(), p.Dst(), p.TCP.Flags, p.TCP.Ack, from, to)
	}
	return f, p
}
