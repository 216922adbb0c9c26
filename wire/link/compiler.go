package link

import (
	"fmt"
	"net/netip"

	"golang.org/x/net/bpf"

	"tfocraft/wire"
)

// Scratch memory of the filter machine: whether the source and the destination
// address are ours.
const (
	fromUs = 0
	toUs   = 1
)

// The IPv6 next-header values that hide the ports (RFC 8200, Section 4.1).
// Each such header begins with the next one's value.
var extensionHeaders = [...]uint32{0, 43, 44, 51, 60, 135, 139, 140}

// A compiler writes one program. Register X holds the offset of the IP header,
// and from the label "ports" on that of the TCP header. A load behind the end
// of the frame rejects it.
type compiler struct {
	assembler
	filter         Filter
	ports          []PortRange
	addrs4, addrs6 []netip.Prefix
}

// findIP sets X to the offset of the IP header and goes to "ipv4" or "ipv6". A
// tag that the kernel has moved from the frame to its metadata leaves the
// offsets of an untagged frame; a second tag, and that of an outgoing frame,
// is still in the frame.
func (c *compiler) findIP() {
	if c.filter.Bare {
		c.add(bpf.LoadConstant{Dst: bpf.RegX, Val: 0},
			bpf.LoadAbsolute{Off: 0, Size: 1},
			bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
		c.jumpIf(bpf.JumpEqual, 4, "ipv4")
		c.jumpIf(bpf.JumpEqual, 6, "ipv6")
		c.reject()
		return
	}
	for tags := range uint32(wire.MaxVLANTags + 1) {
		header := wire.EthernetLen + 4*tags
		c.add(bpf.LoadConstant{Dst: bpf.RegX, Val: header}, bpf.LoadAbsolute{Off: header - 2, Size: 2})
		c.jumpIf(bpf.JumpEqual, wire.EtherTypeIPv4, "ipv4")
		c.jumpIf(bpf.JumpEqual, wire.EtherTypeIPv6, "ipv6")
		if c.filter.Neighbours {
			c.jumpIf(bpf.JumpEqual, wire.EtherTypeARP, "arp")
		}
		next := fmt.Sprintf("tag %d", tags+1)
		if tags < wire.MaxVLANTags {
			c.jumpIf(bpf.JumpEqual, wire.EtherTypeVLAN, next)
			c.jumpIf(bpf.JumpEqual, wire.EtherTypeSVLAN, next)
		}
		c.reject()
		c.label(next)
	}
}

// findTCP4 goes to "ports" if the addresses fit.
func (c *compiler) findTCP4() {
	c.label("ipv4")
	if c.limited() && len(c.addrs4) == 0 {
		c.reject()
		return
	}
	// Only the first fragment has ports.
	c.add(bpf.LoadIndirect{Off: 6, Size: 2})
	c.rejectIf(bpf.JumpBitsSet, 0x1fff)
	c.add(bpf.LoadIndirect{Off: 9, Size: 1})
	c.jumpIf(bpf.JumpEqual, wire.ProtocolTCP, "tcp4")
	if c.filter.ICMP {
		c.jumpIf(bpf.JumpEqual, wire.ProtocolICMP, "icmp4")
	}
	c.reject()
	c.label("tcp4")
	if c.filter.Either {
		c.remember(fromUs, 12, c.match4)
		c.remember(toUs, 16, c.match4)
	} else {
		c.require(16, c.match4)
	}
	c.skipHeader4()
	c.jump("ports")
	if c.filter.ICMP {
		c.label("icmp4")
		c.require(16, c.match4)
		c.skipHeader4()
		c.add(bpf.LoadIndirect{Off: 0, Size: 1})
		for _, kind := range []uint32{3, 11, 12} { // unreachable, time exceeded, parameter problem
			c.acceptIf(bpf.JumpEqual, kind)
		}
		c.reject()
	}
}

// skipHeader4 moves X behind the IPv4 header, options included.
func (c *compiler) skipHeader4() {
	c.add(bpf.LoadIndirect{Off: 0, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x0f},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2},
		bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.TAX{})
}

// findTCP6 goes to "ports" if the addresses fit.
func (c *compiler) findTCP6() {
	c.label("ipv6")
	if c.filter.Neighbours {
		c.acceptSolicitation()
	}
	if c.limited() && len(c.addrs6) == 0 {
		c.reject()
		return
	}
	c.add(bpf.LoadIndirect{Off: 6, Size: 1})
	c.jumpIf(bpf.JumpEqual, wire.ProtocolTCP, "tcp6")
	if c.filter.ICMP {
		c.jumpIf(bpf.JumpEqual, wire.ProtocolICMPv6, "icmp6")
	}
	for _, next := range extensionHeaders {
		c.jumpIf(bpf.JumpEqual, next, "hidden6")
	}
	c.reject()
	c.label("tcp6")
	if c.filter.Either {
		c.remember(fromUs, 8, c.match6)
		c.remember(toUs, 24, c.match6)
	} else {
		c.require(24, c.match6)
	}
	c.add(bpf.TXA{}, bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: wire.IPv6Len}, bpf.TAX{})
	c.jump("ports")
	if c.filter.ICMP {
		c.label("icmp6")
		c.require(24, c.match6)
		c.add(bpf.LoadIndirect{Off: wire.IPv6Len, Size: 1})
		c.rejectIf(bpf.JumpEqual, 0)
		c.acceptIf(bpf.JumpLessOrEqual, 4) // unreachable, too big, time exceeded, parameter problem
		c.reject()
	}
	c.hidden6()
}

// hidden6 lets a packet with extension headers in by its addresses alone,
// unless the first of them is followed by what is not wanted: multicast
// listener reports are everywhere.
func (c *compiler) hidden6() {
	c.label("hidden6")
	c.add(bpf.LoadIndirect{Off: wire.IPv6Len, Size: 1})
	c.jumpIf(bpf.JumpEqual, wire.ProtocolTCP, "extended6")
	if c.filter.ICMP {
		c.jumpIf(bpf.JumpEqual, wire.ProtocolICMPv6, "extended6")
	}
	for _, next := range extensionHeaders {
		c.jumpIf(bpf.JumpEqual, next, "extended6")
	}
	c.reject()
	c.label("extended6")
	if c.filter.Either {
		c.match6(8, "hidden yes", "hidden no")
		c.label("hidden no")
	}
	c.require(24, c.match6)
	c.label("hidden yes")
	c.add(bpf.RetConstant{Val: accept})
}

// limited reports whether the local addresses are not just any.
func (c *compiler) limited() bool { return len(c.addrs4)+len(c.addrs6) > 0 }

// acceptARP accepts a question for a hardware address (RFC 826).
func (c *compiler) acceptARP() {
	const request = 1
	c.label("arp")
	c.add(bpf.LoadIndirect{Off: 6, Size: 2})
	c.acceptIf(bpf.JumpEqual, request)
	c.reject()
}

// acceptSolicitation does the same in IPv6 (RFC 4861, Section 4.3).
func (c *compiler) acceptSolicitation() {
	const solicitation = 135
	c.add(bpf.LoadIndirect{Off: 6, Size: 1})
	c.jumpIf(bpf.JumpNotEqual, wire.ProtocolICMPv6, "other6")
	c.add(bpf.LoadIndirect{Off: wire.IPv6Len, Size: 1})
	c.acceptIf(bpf.JumpEqual, solicitation)
	c.label("other6")
}

// checkPorts ends the program: X is the offset of the TCP header.
func (c *compiler) checkPorts() {
	// Never executed. The kernel checks that scratch memory is written before
	// it is read, and takes what stands before a label for a way to it, even
	// behind a return, unless it is a jump.
	c.jump("reject")
	c.label("ports")
	if c.filter.Either {
		c.add(bpf.LoadScratch{Dst: bpf.RegA, N: fromUs})
		c.jumpIf(bpf.JumpEqual, 0, "to")
		c.matchPorts(0)
		c.label("to")
		c.add(bpf.LoadScratch{Dst: bpf.RegA, N: toUs})
		c.rejectIf(bpf.JumpEqual, 0)
	}
	c.matchPorts(2)
	c.label("reject")
	c.reject()
}

// matchPorts accepts if the 16 bits at offset off are one of our ports.
func (c *compiler) matchPorts(off uint32) {
	c.add(bpf.LoadIndirect{Off: off, Size: 2})
	if len(c.ports) == 0 {
		c.add(bpf.RetConstant{Val: accept})
		return
	}
	for _, r := range c.ports {
		c.add(bpf.JumpIf{Cond: bpf.JumpLessThan, Val: uint32(r.First), SkipTrue: 2},
			bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: uint32(r.Last), SkipTrue: 1},
			bpf.RetConstant{Val: accept})
	}
}

// A matcher goes to the label yes if the address at offset off from X is one
// of ours, else to no.
type matcher func(off uint32, yes, no string)

// require rejects unless the address is ours.
func (c *compiler) require(off uint32, match matcher) {
	yes, no := c.fresh("yes"), c.fresh("no")
	match(off, yes, no)
	c.label(no)
	c.reject()
	c.label(yes)
}

// remember notes in scratch memory whether the address is ours.
func (c *compiler) remember(n int, off uint32, match matcher) {
	yes, no, done := c.fresh("yes"), c.fresh("no"), c.fresh("done")
	match(off, yes, no)
	c.label(no)
	c.add(bpf.LoadConstant{Dst: bpf.RegA, Val: 0})
	c.jump(done)
	c.label(yes)
	c.add(bpf.LoadConstant{Dst: bpf.RegA, Val: 1})
	c.label(done)
	c.add(bpf.StoreScratch{Src: bpf.RegA, N: n})
}

func (c *compiler) match4(off uint32, yes, no string) {
	if len(c.addrs4) == 0 {
		c.jump(yes)
		return
	}
	for _, p := range c.addrs4 {
		c.add(bpf.LoadIndirect{Off: off, Size: 4})
		if bits := uint(p.Bits()); bits < 32 {
			c.add(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask(bits)})
		}
		c.jumpIf(bpf.JumpEqual, word(p.Addr().AsSlice()), yes)
	}
	c.jump(no)
}

// mask returns the first bits of a word.
func mask(bits uint) uint32 { return ^(^uint32(0) >> bits) }

func (c *compiler) match6(off uint32, yes, no string) {
	if len(c.addrs6) == 0 {
		c.jump(yes)
		return
	}
	for _, p := range c.addrs6 {
		other := c.fresh("other")
		b := p.Addr().As16()
		for at := uint32(0); int(at)*8 < p.Bits(); at += 4 {
			c.add(bpf.LoadIndirect{Off: off + at, Size: 4})
			if rest := uint(p.Bits()) - uint(at)*8; rest < 32 {
				c.add(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask(rest)})
			}
			c.jumpIf(bpf.JumpNotEqual, word(b[at:]), other)
		}
		c.jump(yes)
		c.label(other)
	}
	c.jump(no)
}
