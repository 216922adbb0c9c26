package link

import (
	"fmt"

	"golang.org/x/net/bpf"

	"tfocraft/wire"
)

// A spreader writes the program that chooses a shard. Register X holds the offset of an
// IP header, later of a TCP header, from the beginning of the packet.
type spreader struct {
	assembler
	// origin is where the IP header of a packet is, as the filter machine counts.
	origin uint32
}

// Scratch memory of the program: what is known of the result, and where the IP header is.
const (
	mixed = 0
	ipAt  = 1
)

// compileSpread translates the choice of a shard to a classic BPF program: the result
// modulo the number of shards is the shard. It depends on addresses and ports in such a
// way that both directions of a connection have the same, and ICMP errors that of the
// connection that they quote. What has no ports is for shard 0: fragments but the first,
// and IPv6 packets with extension headers.
func compileSpread(origin uint32) ([]bpf.Instruction, error) {
	s := spreader{origin: origin}
	s.add(bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, s.at(0, 1), bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
	s.jumpIf(bpf.JumpEqual, 4, "ipv4")
	s.jumpIf(bpf.JumpEqual, 6, "ipv6")
	s.reject()
	s.ipv4()
	s.ipv6()
	s.ports()
	if err := s.resolve(); err != nil {
		return nil, fmt.Errorf("shards: %w", err)
	}
	return s.ins, nil
}

// at loads from the packet, from X on.
func (s *spreader) at(off uint32, size int) bpf.Instruction {
	return bpf.LoadIndirect{Off: s.origin + off, Size: size}
}

// ipv4 finds the header whose addresses count, with X, and goes to "ports" with what they
// contribute.
func (s *spreader) ipv4() {
	s.label("ipv4")
	s.add(s.at(6, 2))
	s.rejectIf(bpf.JumpBitsSet, 0x1fff) // a later fragment
	s.add(s.at(9, 1))
	s.jumpIf(bpf.JumpEqual, wire.ProtocolTCP, "tcp4")
	s.jumpIf(bpf.JumpEqual, wire.ProtocolICMP, "icmp4")
	s.reject()

	s.label("icmp4")
	s.skip4()
	s.add(s.at(0, 1))
	for _, kind := range []uint32{3, 11, 12} { // unreachable, time exceeded, parameter problem
		s.jumpIf(bpf.JumpEqual, kind, "quoted4")
	}
	s.reject()
	s.label("quoted4")
	s.advance(8)
	s.add(s.at(9, 1))
	s.rejectIf(bpf.JumpNotEqual, wire.ProtocolTCP)

	s.label("tcp4")
	s.mix(12, 16)
	s.skip4()
	s.jump("ports")
}

func (s *spreader) ipv6() {
	s.label("ipv6")
	s.add(s.at(6, 1))
	s.jumpIf(bpf.JumpEqual, wire.ProtocolTCP, "tcp6")
	s.jumpIf(bpf.JumpEqual, wire.ProtocolICMPv6, "icmp6")
	s.reject()

	s.label("icmp6")
	s.add(s.at(wire.IPv6Len, 1))
	s.rejectIf(bpf.JumpEqual, 0)
	s.rejectIf(bpf.JumpGreaterThan, 4) // unreachable, too big, time exceeded, parameter problem
	s.advance(wire.IPv6Len + 8)
	s.add(s.at(6, 1))
	s.rejectIf(bpf.JumpNotEqual, wire.ProtocolTCP)

	s.label("tcp6")
	s.mix(20, 36)
	s.advance(wire.IPv6Len)
}

// ports ends the program: X is the offset of the TCP header.
func (s *spreader) ports() {
	s.label("ports")
	s.add(bpf.StoreScratch{Src: bpf.RegX, N: ipAt}, s.at(0, 2))
	s.fold()
	s.add(bpf.LoadScratch{Dst: bpf.RegX, N: ipAt}, s.at(2, 2))
	s.fold()
	// Ports and addresses that follow a pattern, such as even numbers only, are to be
	// spread evenly, too (Knuth's multiplicative hash). The upper bits depend on all.
	s.add(bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0x9e3779b1},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 16},
		bpf.RetA{})
}

// mix begins with the last four bytes of both addresses, which are at these offsets. X
// stays.
func (s *spreader) mix(src, dst uint32) {
	s.add(bpf.StoreScratch{Src: bpf.RegX, N: ipAt}, s.at(src, 4), bpf.StoreScratch{Src: bpf.RegA, N: mixed}, s.at(dst, 4))
	s.fold()
	s.add(bpf.LoadScratch{Dst: bpf.RegX, N: ipAt})
}

// fold adds A to the result, which is also in A then. X is lost.
func (s *spreader) fold() {
	s.add(bpf.LoadScratch{Dst: bpf.RegX, N: mixed}, bpf.ALUOpX{Op: bpf.ALUOpXor}, bpf.StoreScratch{Src: bpf.RegA, N: mixed})
}

// skip4 moves X behind the IPv4 header, options included.
func (s *spreader) skip4() {
	s.add(s.at(0, 1),
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x0f},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2},
		bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.TAX{})
}

func (s *spreader) advance(n uint32) {
	s.add(bpf.TXA{}, bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: n}, bpf.TAX{})
}
