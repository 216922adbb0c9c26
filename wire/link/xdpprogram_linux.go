package link

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"

	"tfocraft/wire"
)

// What an XDP program returns.
const (
	xdpDrop = 1
	xdpPass = 2
)

// Registers that keep their values over calls. Two have something else when there is a slot
// for the frame, which is then not looked at any more.
const (
	xdpRegCtx    = asm.R6
	xdpRegRound  = asm.R6 // the status of the slot while it is free; its lower 32 bits
	xdpRegShared = asm.R7
	xdpRegFrame  = asm.R8
	xdpRegSlot   = asm.R8
	xdpRegLength = asm.R9
)

// Offsets in an Ethernet frame without tags.
const (
	atEtherType = wire.EthernetLen - 2

	at4Length   = wire.EthernetLen
	at4Fragment = wire.EthernetLen + 6
	at4Protocol = wire.EthernetLen + 9
	at4Dst      = wire.EthernetLen + 16
	at4Port     = wire.EthernetLen + wire.IPv4Len + 2

	at6Next = wire.EthernetLen + 6
	at6Dst  = wire.EthernetLen + 24
	at6Port = wire.EthernetLen + wire.IPv6Len + 2
)

// instructions returns the program:
//
//	if !open || !valid || the frame is too long { return pass }
//	if it is not a TCP segment to us, untagged, in one fragment, without IP options or extension headers { return pass }
//	slot, round := slots[head%count], head/count*slotRound
//	if slot.status != round+free || !CAS(&head, head, head+1) { return pass }
//	copy the frame
//	swap(&slot.status, round+ready)
//	if !open && CAS(&slot.status, round+ready, round+void) { return pass }
//	return drop
//
// Several processors may run it at the same time.
func (x *xdpReceiver) instructions() asm.Instructions {
	return slices.Concat(x.begin(), x.match4(), x.match6(), x.matchPort(), x.keep())
}

// begin lets go on what cannot be a short IP packet for our hardware address, and goes to
// the family of the rest.
func (x *xdpReceiver) begin() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(xdpRegCtx, asm.R1),
		asm.LoadMapValue(xdpRegShared, x.memory.FD(), 0),
		asm.LoadMem(asm.R0, xdpRegShared, xdpOpen, asm.Word),
		asm.JEq.Imm(asm.R0, 0, "pass"),
		asm.LoadMem(asm.R0, xdpRegShared, xdpValid, asm.Word),
		asm.JEq.Imm(asm.R0, 0, "pass"),

		asm.FnXdpGetBuffLen.Call(),
		asm.Mov.Reg(xdpRegLength, asm.R0),
		asm.JGT.Imm(xdpRegLength, maxXDPFrame, "pass"),
		asm.JLT.Imm(xdpRegLength, wire.EthernetLen+wire.IPv4Len+wire.HeaderLen, "pass"),
		asm.LoadMem(xdpRegFrame, xdpRegCtx, 0, asm.Word), // data
		asm.LoadMem(asm.R5, xdpRegCtx, 4, asm.Word),      // data_end
		asm.Mov.Reg(asm.R0, xdpRegFrame),
		asm.Add.Imm(asm.R0, wire.EthernetLen+wire.IPv4Len+wire.HeaderLen),
		asm.JGT.Reg(asm.R0, asm.R5, "pass"),

		asm.LoadMem(asm.R0, xdpRegFrame, 0, asm.Word),
		asm.JNE.Imm32(asm.R0, int32(binary.NativeEndian.Uint32(x.mac[:])), "pass"),
		asm.LoadMem(asm.R0, xdpRegFrame, 4, asm.Half),
		asm.JNE.Imm32(asm.R0, int32(binary.NativeEndian.Uint16(x.mac[4:])), "pass"),
		asm.LoadMem(asm.R0, xdpRegFrame, atEtherType, asm.Half),
		asm.JEq.Imm(asm.R0, order(wire.EtherTypeIPv4), "ipv4"),
		asm.JEq.Imm(asm.R0, order(wire.EtherTypeIPv6), "ipv6"),
		asm.Ja.Label("pass"),
	}
}

// order returns a number in network byte order as a processor reads it.
func order(n uint16) int32 {
	return int32(binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n)))
}

// match4 goes to "port" with the destination port in R4, and in R5 the number of the network.
func (x *xdpReceiver) match4() asm.Instructions {
	ins := asm.Instructions{
		asm.LoadMem(asm.R0, xdpRegFrame, at4Length, asm.Byte).WithSymbol("ipv4"),
		asm.JNE.Imm(asm.R0, 0x45, "pass"),
		asm.LoadMem(asm.R0, xdpRegFrame, at4Fragment, asm.Half),
		asm.And.Imm(asm.R0, order(0x3fff)), // more fragments, and their offset
		asm.JNE.Imm(asm.R0, 0, "pass"),
		asm.LoadMem(asm.R0, xdpRegFrame, at4Protocol, asm.Byte),
		asm.JNE.Imm(asm.R0, wire.ProtocolTCP, "pass"),
		asm.LoadMem(asm.R4, xdpRegFrame, at4Port, asm.Half),
		asm.LoadMem(asm.R2, xdpRegFrame, at4Dst, asm.Word),
	}
	for i := range int16(maxXDPNets) {
		at := xdpNets4 + i*8
		ins = append(ins,
			asm.Mov.Imm(asm.R5, int32(i)),
			asm.LoadMem(asm.R0, xdpRegShared, at, asm.Word),
			asm.And.Reg(asm.R0, asm.R2),
			asm.LoadMem(asm.R1, xdpRegShared, at+4, asm.Word),
			asm.JEq.Reg(asm.R0, asm.R1, "port"))
	}
	return append(ins, asm.Ja.Label("pass"))
}

// match6 does the same in IPv6.
func (x *xdpReceiver) match6() asm.Instructions {
	ins := asm.Instructions{
		asm.Mov.Reg(asm.R0, xdpRegFrame).WithSymbol("ipv6"),
		asm.Add.Imm(asm.R0, wire.EthernetLen+wire.IPv6Len+wire.HeaderLen),
		asm.JGT.Reg(asm.R0, asm.R5, "pass"),
		asm.LoadMem(asm.R0, xdpRegFrame, at6Next, asm.Byte),
		asm.JNE.Imm(asm.R0, wire.ProtocolTCP, "pass"),
		asm.LoadMem(asm.R4, xdpRegFrame, at6Port, asm.Half),
		asm.LoadMem(asm.R2, xdpRegFrame, at6Dst, asm.DWord),
		asm.LoadMem(asm.R3, xdpRegFrame, at6Dst+8, asm.DWord),
	}
	for i := range int16(maxXDPNets) {
		at := xdpNets6 + i*32
		ins = append(ins,
			asm.Mov.Imm(asm.R5, int32(maxXDPNets+i)).WithSymbol(networkLabel(i)),
			asm.LoadMem(asm.R0, xdpRegShared, at, asm.DWord),
			asm.And.Reg(asm.R0, asm.R2),
			asm.LoadMem(asm.R1, xdpRegShared, at+16, asm.DWord),
			asm.JNE.Reg(asm.R0, asm.R1, networkLabel(i+1)),
			asm.LoadMem(asm.R0, xdpRegShared, at+8, asm.DWord),
			asm.And.Reg(asm.R0, asm.R3),
			asm.LoadMem(asm.R1, xdpRegShared, at+24, asm.DWord),
			asm.JEq.Reg(asm.R0, asm.R1, "port"))
	}
	return append(ins, asm.Ja.Label("pass").WithSymbol(networkLabel(maxXDPNets)))
}

func networkLabel(i int16) string { return fmt.Sprintf("network %d", i) }

// matchPort lets the frame go on if the port in R4 is none of ours in the network in R5.
func (x *xdpReceiver) matchPort() asm.Instructions {
	return asm.Instructions{
		asm.HostTo(asm.BE, asm.R4, asm.Half).WithSymbol("port"),
		asm.And.Imm(asm.R4, 0xffff), // for the verifier
		asm.Mov.Reg(asm.R1, asm.R4),
		asm.RSh.Imm(asm.R1, 6),
		asm.LSh.Imm(asm.R1, 3),
		// Without CAP_PERFMON a pointer is not added to what is a different number on each way
		// here: the verifier has to forget it.
		asm.Xor.Reg(asm.R5, asm.R4),
		asm.Xor.Reg(asm.R5, asm.R4),
		asm.And.Imm(asm.R5, 2*maxXDPNets-1),
		asm.Mul.Imm(asm.R5, portsLen),
		asm.Add.Reg(asm.R1, asm.R5),
		asm.Add.Reg(asm.R1, xdpRegShared),
		asm.LoadMem(asm.R0, asm.R1, xdpPorts, asm.DWord),
		asm.And.Imm(asm.R4, 63),
		asm.RSh.Reg(asm.R0, asm.R4),
		asm.And.Imm(asm.R0, 1),
		asm.JEq.Imm(asm.R0, 0, "pass"),
	}
}

// keep puts the frame into the next slot.
func (x *xdpReceiver) keep() asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R2, xdpRegShared, xdpHead, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R2),
		asm.And.Imm(asm.R1, xdpSlotCount-1),
		asm.Mul.Imm(asm.R1, xdpSlot),
		asm.Add.Reg(asm.R1, xdpRegShared),
		asm.Add.Imm(asm.R1, xdpSlots),
		asm.Mov.Reg(asm.R4, asm.R2),
		asm.RSh.Imm(asm.R4, xdpSlotBits),
		asm.Mul.Imm(asm.R4, slotRound),
		asm.LoadMem(asm.R0, asm.R1, slotStatus, asm.Word),
		asm.JNE.Reg32(asm.R0, asm.R4, "pass"), // slotFree is 0
		asm.Mov.Reg(xdpRegSlot, asm.R1),
		asm.Mov.Reg(asm.R0, asm.R2),
		asm.Mov.Reg(asm.R3, asm.R2),
		asm.Add.Imm(asm.R3, 1),
		atomically(asm.CmpXchg, xdpRegShared, asm.R3, asm.DWord, xdpHead),
		asm.JNE.Reg(asm.R0, asm.R2, "pass"),

		asm.Mov.Reg(asm.R1, xdpRegCtx),
		asm.Mov.Reg(xdpRegRound, asm.R4),
		asm.Mov.Imm(asm.R2, 0),
		asm.Mov.Reg(asm.R3, xdpRegSlot),
		asm.Add.Imm(asm.R3, slotFrame),
		asm.Mov.Reg(asm.R4, xdpRegLength),
		asm.FnXdpLoadBytes.Call(),
		asm.Mov.Reg(asm.R1, xdpRegRound),
		asm.Add.Imm(asm.R1, slotVoid),
		asm.JNE.Imm(asm.R0, 0, "void"),
		asm.StoreMem(xdpRegSlot, slotLength, xdpRegLength, asm.Word),
		asm.Mov.Reg(asm.R2, xdpRegRound),
		asm.Add.Imm(asm.R2, slotReady),
		asm.Mov.Reg(asm.R0, asm.R2), // which an exchange overwrites
		atomically(asm.Xchg, xdpRegSlot, asm.R0, asm.Word, slotStatus),

		asm.LoadMem(asm.R0, xdpRegShared, xdpOpen, asm.Word),
		asm.JNE.Imm(asm.R0, 0, "drop"),
		asm.Mov.Reg(asm.R0, asm.R2),
		atomically(asm.CmpXchg, xdpRegSlot, asm.R1, asm.Word, slotStatus),
		asm.JEq.Reg32(asm.R0, asm.R2, "pass"),

		asm.Mov.Imm(asm.R0, xdpDrop).WithSymbol("drop"),
		asm.Return(),
		atomically(asm.Xchg, xdpRegSlot, asm.R1, asm.Word, slotStatus).WithSymbol("void"),
		asm.Mov.Imm(asm.R0, xdpPass).WithSymbol("pass"),
		asm.Return(),
	}
}

// atomically is op.Mem with the constant that chooses the operation, which the assembler of
// cilium/ebpf v0.22.0 leaves out when it writes the instruction: that would add.
func atomically(op asm.AtomicOp, dst, src asm.Register, size asm.Size, offset int16) asm.Instruction {
	ins := op.Mem(dst, src, size, offset)
	ins.Constant = int64(op >> 8)
	return ins
}
