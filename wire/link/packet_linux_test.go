package link

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// onlyOurs lets in what is sent to ourPort.
var onlyOurs = &Config{Filter: &Filter{Ports: []PortRange{Port(ourPort)}}}

// headerTo returns the Ethernet header from near to its peer.
func headerTo(t *testing.T, near *host, dst netip.Addr) []byte {
	t.Helper()
	hop, err := near.resolver().Resolve(t.Context(), dst, netip.Addr{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return hop.Header
}

// A frame of ours comes from a packet socket with its checksum whole, and the
// receiver has to verify it.
func TestOwnChecksumIsWhole(t *testing.T) { eachWay(t, testOwnChecksumIsWhole) }

func testOwnChecksumIsWhole(t *testing.T) {
	near, peer := wired(t)
	in, out := peer.open("veth0", onlyOurs), near.open("veth0", onlyOurs)
	to := netip.AddrPortFrom(peer4, ourPort)
	write(t, out, segment(headerTo(t, near, peer4), netip.AddrPortFrom(ours4, 1), to, syn()))
	f, p := next(t, in)
	if !f.NeedsVerify() || !p.ChecksumsOK() {
		t.Errorf("got %+v, want a whole checksum that nobody has verified", f)
	}
}

// While the peer floods the interface, nothing foreign is in the first frames
// (D-25).
func TestNothingForeignWhileOpening(t *testing.T) { eachWay(t, testNothingForeignWhileOpening) }

func testNothingForeignWhileOpening(t *testing.T) {
	near, peer := wired(t)
	out := peer.open("veth0", onlyOurs)
	var header []byte
	header = AppendHeader(header, macOf(near.MAC("veth0")), macOf(peer.MAC("veth0")), 4)
	foreign := segment(header, netip.AddrPortFrom(peer4, 7), netip.AddrPortFrom(ours4, 7), syn())
	marker := segment(header, netip.AddrPortFrom(peer4, 7), netip.AddrPortFrom(ours4, ourPort), syn())
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	flood.Go(func() {
		for ctx.Err() == nil {
			out.WriteFrames([][]byte{foreign, foreign, foreign, foreign, foreign, foreign, foreign, foreign})
		}
	})
	defer flood.Wait()
	defer stop()
	// The flood is there.
	next(t, near.open("veth0", &Config{Filter: &Filter{}}))
	for range 50 {
		l := near.open("veth0", onlyOurs)
		write(t, out, marker)
		if f, _ := next(t, l); !bytes.Equal(f.Data, marker) {
			t.Fatalf("got %x, want the marker", f.Data)
		}
		l.Close()
	}
}

// Tags are in the frame, wherever the kernel keeps them (D-24).
func TestVLAN(t *testing.T) { eachWay(t, testVLAN) }

func testVLAN(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	tap := peer.open("veth0", &Config{Filter: onlyOurs.Filter, Tap: true})
	inner := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 0x6005}
	outer := wire.VLANTag{Protocol: wire.EtherTypeSVLAN, Control: 6}
	priority := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 0xe000}
	mac := macOf(near.MAC("veth0"))
	for name, tags := range map[string][]wire.VLANTag{
		"none": nil, "one": {inner}, "two": {outer, inner}, "priority only": {priority},
	} {
		to := func(p *wire.Packet) { p.Ethernet.Dst = mac }
		sent := packetFrame(client4, netip.AddrPortFrom(ours4, ourPort), to, tags...)
		write(t, out, sent)
		if f, _ := next(t, in); !bytes.Equal(f.Data, sent) {
			t.Errorf("%s: got %x, want %x", name, f.Data, sent)
		}
		if f, _ := next(t, tap); !bytes.Equal(f.Data, sent) || !f.Outgoing {
			t.Errorf("%s, on its way out: got %x, want %x", name, f.Data, sent)
		}
	}
}

// Only a tap sees frames on their way out and those for others (D-06, D-22).
func TestTap(t *testing.T) { eachWay(t, testTap) }

func testTap(t *testing.T) {
	near, peer := wired(t)
	filter := &Filter{Ports: []PortRange{Port(ourPort)}, Either: true}
	endpoint, tap := near.open("veth0", &Config{Filter: filter}), near.open("veth0", &Config{Filter: filter, Tap: true})
	out, in := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	ours := netip.AddrPortFrom(ours4, ourPort)
	going := segment(AppendHeader(nil, macOf(peer.MAC("veth0")), macOf(near.MAC("veth0")), 4), ours, client4, syn())
	foreign := segment(AppendHeader(nil, wire.MAC{2, 9, 9, 9, 9, 9}, wire.MAC{2}, 4), client4, ours, syn())
	coming := segment(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, ours, syn())
	write(t, out, going)
	write(t, in, foreign, coming)
	if f, _ := next(t, endpoint); !bytes.Equal(f.Data, coming) || f.Outgoing {
		t.Errorf("endpoint: got %x, want %x", f.Data, coming)
	}
	for i, want := range [][]byte{going, foreign, coming} {
		if f, _ := next(t, tap); !bytes.Equal(f.Data, want) || f.Outgoing != (i == 0) {
			t.Errorf("tap: got %x, outgoing %v, want %x", f.Data, f.Outgoing, want)
		}
	}
	stats, err := endpoint.Stats()
	if want := (Stats{Received: 2, Ring: stats.Ring}); err != nil || stats != want {
		t.Errorf("stats: got %+v, %v, want %+v", stats, err, want)
	}
}

func TestSetFilter(t *testing.T) { eachWay(t, testSetFilter) }

func testSetFilter(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	header := AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4)
	first := segment(header, client4, netip.AddrPortFrom(ours4, ourPort), syn())
	second := segment(header, client4, netip.AddrPortFrom(ours4, ourPort+1), syn())
	write(t, out, second, first)
	if f, _ := next(t, in); !bytes.Equal(f.Data, first) {
		t.Errorf("first filter: got %x, want %x", f.Data, first)
	}
	if err := in.SetFilter(&Filter{Ports: []PortRange{Port(ourPort + 1)}}); err != nil {
		t.Fatal(err)
	}
	write(t, out, first, second)
	if f, _ := next(t, in); !bytes.Equal(f.Data, second) {
		t.Errorf("second filter: got %x, want %x", f.Data, second)
	}
	if err := in.SetFilter(&Filter{Ports: []PortRange{{2, 1}}}); !errors.Is(err, ErrFilter) {
		t.Errorf("bad filter: got %v, want %v", err, ErrFilter)
	}
	if err := in.SetFilter(nil); err != nil {
		t.Fatal(err)
	}
	// Not even TCP is asked for.
	other := append(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), make([]byte, 46)...)
	other[12], other[13] = 0x88, 0xb5 // for local experiments (IEEE 802)
	write(t, out, other)
	in.SetReadDeadline(time.Now().Add(10 * time.Second))
	for batch := make([]Frame, 1); !bytes.Equal(batch[0].Data, other); {
		if _, err := in.ReadFrames(batch); err != nil {
			t.Fatalf("no filter: %v", err)
		}
	}
}

func TestManyPortsInTheKernel(t *testing.T) {
	near, peer := wired(t)
	var ports []PortRange
	for p := range uint16(1000) {
		ports = append(ports, Port(30000+2*p))
	}
	in := near.open("veth0", &Config{Filter: &Filter{Ports: ports, Addrs: []netip.Addr{ours4, ours6}, ICMP: true}})
	out := peer.open("veth0", onlyOurs)
	header := AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4)
	no := segment(header, client4, netip.AddrPortFrom(ours4, 31997), syn())
	yes := segment(header, client4, netip.AddrPortFrom(ours4, 31998), syn())
	write(t, out, no, yes)
	if f, _ := next(t, in); !bytes.Equal(f.Data, yes) {
		t.Errorf("got %x, want %x", f.Data, yes)
	}
}

func TestTooLong(t *testing.T) {
	near, _ := wired(t)
	l := near.open("veth0", onlyOurs)
	header := AppendHeader(nil, wire.MAC{2}, wire.MAC{2}, 4)
	fits := append(header, make([]byte, l.MTU())...)
	n, err := l.WriteFrames([][]byte{fits, append(fits, make([]byte, 100)...), fits})
	if n != 1 || !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("got %d, %v, want 1, %v", n, err, unix.EMSGSIZE)
	}
	if n, err := l.WriteFrames([][]byte{fits, {1, 2}}); n != 1 || !errors.Is(err, unix.EINVAL) {
		t.Errorf("no header: got %d, %v, want 1, %v", n, err, unix.EINVAL)
	}
}

func TestManyFrames(t *testing.T) { eachWay(t, testManyFrames) }

func testManyFrames(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	header := AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4)
	var frames [][]byte
	for i := range 300 {
		s := syn()
		s.Seq = wire.Seq(i)
		frames = append(frames, segment(header, client4, netip.AddrPortFrom(ours4, ourPort), s))
	}
	write(t, out, frames...)
	in.SetReadDeadline(time.Now().Add(10 * time.Second))
	batch := make([]Frame, 100)
	for got := 0; got < len(frames); {
		n, err := in.ReadFrames(batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range batch[:n] {
			if !bytes.Equal(f.Data, frames[got]) {
				t.Fatalf("frame %d: got %x, want %x", got, f.Data, frames[got])
			}
			got++
		}
	}
}

func TestPacketDeadlineAndClose(t *testing.T) { eachWay(t, testPacketDeadlineAndClose) }

func testPacketDeadlineAndClose(t *testing.T) {
	near, _ := wired(t)
	l := near.open("veth0", onlyOurs)
	batch := make([]Frame, 1)
	if n, err := l.ReadFrames(nil); n != 0 || err != nil {
		t.Errorf("empty batch: got %d, %v, want nothing", n, err)
	}
	l.SetReadDeadline(time.Unix(1, 0))
	if _, err := l.ReadFrames(batch); err != os.ErrDeadlineExceeded {
		t.Errorf("past deadline: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	l.SetReadDeadline(time.Time{})
	read := make(chan error)
	go func() {
		_, err := l.ReadFrames(batch)
		read <- err
	}()
	l.SetReadDeadline(time.Now())
	if err := <-read; err != os.ErrDeadlineExceeded {
		t.Errorf("deadline set meanwhile: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	l.SetReadDeadline(time.Time{})
	go func() {
		_, err := l.ReadFrames(batch)
		read <- err
	}()
	if err := l.Close(); err != nil {
		t.Errorf("close: got %v, want none", err)
	}
	if err := <-read; err != net.ErrClosed {
		t.Errorf("closed meanwhile: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := l.WriteFrames([][]byte{make([]byte, 60)}); err != net.ErrClosed {
		t.Errorf("write: got %v, want %v", err, net.ErrClosed)
	}
	if err := l.SetReadDeadline(time.Now()); err != net.ErrClosed {
		t.Errorf("deadline: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := l.Stats(); err != net.ErrClosed {
		t.Errorf("stats: got %v, want %v", err, net.ErrClosed)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second close: got %v, want none", err)
	}
}

// An interface that goes down and comes up again is no reason to give up; one
// that is removed is (D-31).
func TestInterfaceDownAndGone(t *testing.T) { eachWay(t, testInterfaceDownAndGone) }

func testInterfaceDownAndGone(t *testing.T) {
	near, peer := wired(t)
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	frame := segment(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), syn())
	veth := near.Link("veth0")
	near.Do(func() error { return netlink.LinkSetDown(veth) })
	if _, err := in.WriteFrames([][]byte{frame}); !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("write while down: got %v, want %v", err, unix.ENETDOWN)
	}
	// The reader hears of it first, then goes on.
	in.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := in.ReadFrames(make([]Frame, 1)); err != os.ErrDeadlineExceeded {
		t.Errorf("read while down: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	near.Do(func() error { return netlink.LinkSetUp(veth) })
	batch := make([]Frame, 1)
	err := os.ErrDeadlineExceeded
	for ; err == os.ErrDeadlineExceeded; _, err = in.ReadFrames(batch) {
		// Frames are lost until the kernel is ready again.
		out.WriteFrames([][]byte{frame})
		in.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	}
	if err != nil || !bytes.Equal(batch[0].Data, frame) {
		t.Errorf("up again: got %x, %v, want %x", batch[0].Data, err, frame)
	}
	for err == nil { // what has been sent too often
		_, err = in.ReadFrames(batch)
	}
	in.SetReadDeadline(time.Time{})
	near.Do(func() error { return netlink.LinkDel(veth) })
	if _, err := in.ReadFrames(batch); !errors.Is(err, ErrGone) {
		t.Errorf("removed: got %v, want %v", err, ErrGone)
	}
	if err := in.SetReadDeadline(time.Now()); err != nil {
		t.Errorf("deadline: got %v, want none", err)
	}
	if _, err := in.WriteFrames([][]byte{frame}); !errors.Is(err, ErrGone) {
		t.Errorf("write: got %v, want %v", err, ErrGone)
	}
}

func TestOpenErrors(t *testing.T) {
	near := newHost(t)
	near.Do(func() error {
		if _, err := Open("no-such", nil); !errors.Is(err, ErrNoInterface) {
			t.Errorf("unknown interface: got %v, want %v", err, ErrNoInterface)
		}
		return nil
	})
	if err := privilege(os.NewSyscallError("socket", unix.EPERM)); !errors.Is(err, ErrPrivilege) || !errors.Is(err, unix.EPERM) {
		t.Errorf("got %v, want %v", err, ErrPrivilege)
	}
	if _, err := formOfType("ib0", unix.ARPHRD_INFINIBAND); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("InfiniBand: got %v, want %v", err, errors.ErrUnsupported)
	}
}
