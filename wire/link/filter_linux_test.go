package link

import (
	"net/netip"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// kernelAdmits lets the kernel judge: a datagram socket runs a filter over the
// datagrams that it gets, whatever they are, and needs no privilege for it.
func kernelAdmits(t *testing.T, program []bpf.Instruction, frames [][]byte) []bool {
	t.Helper()
	raw, err := bpf.Assemble(program)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(ends[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		t.Fatalf("%d instructions: %v", len(raw), err)
	}
	buf := make([]byte, slotLen)
	admitted := make([]bool, len(frames))
	for i, frame := range frames {
		if _, err := unix.Write(ends[0], frame); err != nil {
			t.Fatal(err)
		}
		n, _, err := unix.Recvfrom(ends[1], buf, unix.MSG_DONTWAIT)
		admitted[i] = err == nil
		if err == nil && n != len(frame) {
			t.Errorf("got %d bytes of %d", n, len(frame))
		}
	}
	return admitted
}

// Every shape of filter passes the kernel's check, and the kernel agrees with
// what Filter says.
func TestFilterInTheKernel(t *testing.T) {
	var frames [][]byte
	tag := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 5}
	for _, f := range [][]byte{
		segmentFrame(client4, server4), segmentFrame(server4, client4), segmentFrame(client6, server6), segmentFrame(server6, client6, tag),
		segmentFrame(client4, client4), segmentFrame(client6, client6), icmpFrame(server4.Addr(), 3), icmpFrame(client4.Addr(), 3),
		icmpFrame(server6.Addr(), 2), icmpFrame(server6.Addr(), 128), packetFrame(client6, server6, func(p *wire.Packet) { p.IPv6.NextHeader = 0 }),
		packetFrame(client6, server6, func(p *wire.Packet) { p.IPv6.NextHeader, p.IPv6.Extensions = 43, []byte{6, 0, 0, 0, 0, 0, 0, 0} }),
		packetFrame(client4, server4, func(p *wire.Packet) { p.IPv4.Options = make([]byte, 40) }),
	} {
		frames = append(frames, f, f[14:], f[:35])
	}
	ports := [][]PortRange{nil, {Port(80)}, {{70, 90}, Port(443)}}
	addrs := [][]netip.Addr{nil, {server4.Addr()}, {server6.Addr()}, {server4.Addr(), server6.Addr(), client6.Addr()}}
	for kind := range 8 {
		for _, ports := range ports {
			for _, addrs := range addrs {
				f := Filter{Addrs: addrs, Ports: ports, ICMP: kind&1 != 0, Either: kind&2 != 0, Bare: kind&4 != 0}
				program, err := Compile(f)
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range kernelAdmits(t, program, frames) {
					if want := want(f, frames[i]); got != want {
						t.Errorf("%+v, frame %x: got %v, want %v", f, frames[i], got, want)
					}
				}
			}
		}
	}
}
