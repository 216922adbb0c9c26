package iptables

import (
	"encoding/binary"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Offsets in the network and transport headers, and the bit of TCP's flags.
const (
	offSaddr4, offDaddr4 = 12, 16
	offSaddr6, offDaddr6 = 8, 24
	offSport, offDport   = 0, 2
	offFlags             = 13
	flagRST              = 0x04
)

// reg is the one register that the rules use.
const reg = unix.NFT_REG_1

// encodeRule returns the expressions that nft makes of Rule.NFT.
func encodeRule(r Rule) []expr.Any {
	src, dst := r.ends()
	family := byte(unix.NFPROTO_IPV6)
	if r.Scope.Is4() {
		family = unix.NFPROTO_IPV4
	}
	e := match(nil, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg}, []byte{unix.IPPROTO_TCP})
	e = matchPorts(e, src.Port(), dst.Port())
	e = match(e, &expr.Meta{Key: expr.MetaKeyNFPROTO, Register: reg}, []byte{family})
	if src.IsValid() && !src.Addr().IsUnspecified() {
		e = match(e, loadAddr(r.Scope.Is4(), false), src.Addr().AsSlice())
	}
	if dst.IsValid() && !dst.Addr().IsUnspecified() {
		e = match(e, loadAddr(r.Scope.Is4(), true), dst.Addr().AsSlice())
	}
	if r.onlyToLocal() {
		local := binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)
		e = match(e, &expr.Fib{Register: reg, ResultADDRTYPE: true, FlagDADDR: true}, local)
	}
	if r.Scope.Mode == ModeRST {
		e = append(e, loadTransport(offFlags, 1),
			&expr.Bitwise{SourceRegister: reg, DestRegister: reg, Len: 1, Mask: []byte{flagRST}, Xor: []byte{0}},
			&expr.Cmp{Op: expr.CmpOpNeq, Register: reg, Data: []byte{0}})
	}
	return append(e, &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})
}

// matchPorts appends one comparison: the ports are neighbours in the header.
func matchPorts(e []expr.Any, sport, dport uint16) []expr.Any {
	switch {
	case dport == 0:
		return match(e, loadTransport(offSport, 2), binary.BigEndian.AppendUint16(nil, sport))
	case sport == 0:
		return match(e, loadTransport(offDport, 2), binary.BigEndian.AppendUint16(nil, dport))
	}
	both := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, sport), dport)
	return match(e, loadTransport(offSport, 4), both)
}

// match appends a load and a comparison with what it must give.
func match(e []expr.Any, load expr.Any, want []byte) []expr.Any {
	return append(e, load, &expr.Cmp{Op: expr.CmpOpEq, Register: reg, Data: want})
}

func loadAddr(is4, destination bool) *expr.Payload {
	p := &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseNetworkHeader, Offset: offSaddr6, Len: 16}
	switch {
	case is4 && destination:
		p.Offset, p.Len = offDaddr4, 4
	case is4:
		p.Offset, p.Len = offSaddr4, 4
	case destination:
		p.Offset = offDaddr6
	}
	return p
}

func loadTransport(offset, n uint32) *expr.Payload {
	return &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: n}
}
