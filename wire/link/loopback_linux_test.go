package link

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// A kernel listener on this host answers over loopback, whichever interface
// has the address, without any sysctl, and every frame is seen once (D-19 to
// D-22).
func TestLoopback(t *testing.T) { eachWay(t, testLoopback) }

func testLoopback(t *testing.T) {
	near, _ := wired(t)
	r := near.resolver()
	for _, address := range []string{"127.0.0.1", "127.0.0.5", "192.0.2.1", "::1", "2001:db8::1"} {
		t.Run(address, func(t *testing.T) {
			addr := netip.MustParseAddr(address)
			listener := near.listen(netip.AddrPortFrom(addr, 0).String())
			remote := listener.Addr().(*net.TCPAddr).AddrPort()
			hop, err := r.Resolve(t.Context(), addr, netip.Addr{}, "")
			if err != nil {
				t.Fatal(err)
			}
			mtu, mss := 65535, 65495 // RFC 791: the longest IPv4 packet
			if addr.Is6() {
				mtu, mss = 65536, 65476
			}
			if hop.Interface != "lo" || !hop.Loopback || hop.MTU != mtu || hop.AdvMSS != mss {
				t.Errorf("hop: got %+v, want loopback, MTU %d, MSS %d", hop, mtu, mss)
			}
			local := netip.AddrPortFrom(hop.Source, ourPort)
			l := near.open(hop.Interface, onlyOurs)
			write(t, l, segment(hop.Header, local, remote, syn()))
			f, p := wantSynAck(t, l, remote, local)
			if !finished(Complete(nil, f.Data)[14:]) {
				t.Error("completed checksum is wrong")
			}
			// A second copy of the SYN-ACK would come before this one.
			again := netip.AddrPortFrom(hop.Source, ourPort)
			write(t, l, segment(hop.Header, again, remote, wire.Segment{Seq: 5000, Flags: wire.SYN, Window: 1}))
			if _, q := next(t, l); q.TCP.Seq == p.TCP.Seq && q.TCP.Flags == p.TCP.Flags && q.TCP.Ack == p.TCP.Ack {
				t.Error("the same SYN-ACK came twice")
			}
		})
	}
}

// Two links of ours reach each other over loopback.
func TestLoopbackBetweenLinks(t *testing.T) { eachWay(t, testLoopbackBetweenLinks) }

func testLoopbackBetweenLinks(t *testing.T) {
	near := newHost(t)
	for _, address := range []string{"127.0.0.1", "::1"} {
		addr := netip.MustParseAddr(address)
		a := near.open("lo", &Config{Filter: &Filter{Addrs: []netip.Addr{addr}, Ports: []PortRange{Port(1000)}}})
		b := near.open("lo", &Config{Filter: &Filter{Addrs: []netip.Addr{addr}, Ports: []PortRange{Port(2000)}}, Tap: true})
		to := netip.AddrPortFrom(addr, 2000)
		version := 4
		if addr.Is6() {
			version = 6
		}
		header := AppendHeader(nil, wire.MAC{}, wire.MAC{}, version)
		big := wire.Segment{Payload: make([]byte, 60000), Flags: wire.ACK}
		write(t, a, segment(header, netip.AddrPortFrom(addr, 1000), to, syn()), segment(header, netip.AddrPortFrom(addr, 1000), to, big))
		f, p := next(t, b)
		if p.TCP.Flags != wire.SYN || f.Outgoing || !f.NeedsVerify() || !p.ChecksumsOK() {
			t.Errorf("%s: got %+v, verify %v, want the SYN, to verify", address, p, f.NeedsVerify())
		}
		if _, p = next(t, b); len(p.TCP.Payload) != 60000 || !p.ChecksumsOK() {
			t.Errorf("%s: got %d bytes, want 60000", address, len(p.TCP.Payload))
		}
		if !b.Loopback() || b.Name() != "lo" {
			t.Errorf("got %s, loopback %v, want lo", b.Name(), b.Loopback())
		}
	}
}

func TestLoopbackWriteErrors(t *testing.T) {
	near := newHost(t)
	l := near.open("lo", onlyOurs)
	header := AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4)
	loop := netip.MustParseAddr("127.0.0.1")
	away := segment(header, netip.AddrPortFrom(loop, 1), server4, syn())
	if n, err := l.WriteFrames([][]byte{away}); n != 0 || err == nil {
		t.Errorf("not a local address: got %d, %v, want an error", n, err)
	}
	long := append(segment(header, netip.AddrPortFrom(loop, 1), netip.AddrPortFrom(loop, 2), syn()), make([]byte, 70000)...)
	if n, err := l.WriteFrames([][]byte{long}); n != 0 || !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("long: got %d, %v, want %v", n, err, unix.EMSGSIZE)
	}
}
