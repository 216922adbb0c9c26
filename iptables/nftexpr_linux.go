package iptables

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
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
	e := match(nil, &expr.Meta{Key: expr.MetaKeyNFPROTO, Register: reg}, []byte{family})
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
	e = match(e, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg}, []byte{unix.IPPROTO_TCP})
	e = matchPorts(e, src.Port(), dst.Port())
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

// decodeRule reads a rule that encodeRule wrote, or nft from Rule.NFT: versions of nft
// may differ in the order of matches, and in loading both ports at once. Any other
// rule gives false.
func decodeRule(l *nftables.Rule) (taggedRule, bool) {
	tag, err := ParseTag(decodeComment(l.UserData))
	if err != nil || l.Chain == nil {
		return taggedRule{}, false
	}
	d := savedRule{tag: tag}
	switch l.Chain.Name {
	case nftChainRST:
		d.chain = "OUTPUT"
	case nftChainInbound:
		d.chain = "PREROUTING"
	}
	var loaded expr.Any // not yet compared
	for _, e := range l.Exprs {
		ok := false
		if loaded, ok = d.step(loaded, e); !ok {
			return taggedRule{}, false
		}
	}
	r, packets, ok := d.rule()
	return taggedRule{Rule: r, packets: packets, handle: l.Handle}, ok && loaded == nil
}

// step takes one expression. It returns what is in the register and waits to be
// compared, and whether the expression is one that encodeRule could have put there.
func (p *savedRule) step(loaded, e expr.Any) (expr.Any, bool) {
	switch e := e.(type) {
	case *expr.Counter:
		p.packets = e.Packets
		return nil, loaded == nil
	case *expr.Verdict:
		p.target = "DROP"
		return nil, loaded == nil && e.Kind == expr.VerdictDrop
	case *expr.Cmp:
		return nil, p.compare(loaded, e)
	case *expr.Bitwise:
		flags, ok := loaded.(*expr.Payload)
		return e, ok && *flags == *loadTransport(offFlags, 1)
	}
	return e, loaded == nil
}

// compare takes one load and what it is compared with. The family comes first.
func (p *savedRule) compare(loaded expr.Any, cmp *expr.Cmp) bool {
	switch l := loaded.(type) {
	case *expr.Bitwise:
		p.rst = bytes.Equal(l.Mask, []byte{flagRST}) && cmp.Op == expr.CmpOpNeq && bytes.Equal(cmp.Data, []byte{0})
		return p.rst
	case *expr.Meta:
		return cmp.Op == expr.CmpOpEq && p.meta(l.Key, cmp.Data)
	case *expr.Fib:
		p.toLocal = l.ResultADDRTYPE && l.FlagDADDR && !l.FlagSADDR
		return p.toLocal && cmp.Op == expr.CmpOpEq && bytes.Equal(cmp.Data, binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL))
	case *expr.Payload:
		return cmp.Op == expr.CmpOpEq && int(l.Len) == len(cmp.Data) && p.payload(l, cmp.Data)
	}
	return false
}

func (p *savedRule) meta(key expr.MetaKey, want []byte) bool {
	switch {
	case key == expr.MetaKeyL4PROTO:
		p.tcp = bytes.Equal(want, []byte{unix.IPPROTO_TCP})
		return p.tcp
	case key == expr.MetaKeyNFPROTO && bytes.Equal(want, []byte{unix.NFPROTO_IPV4}):
		p.is4 = true
	case key == expr.MetaKeyNFPROTO && bytes.Equal(want, []byte{unix.NFPROTO_IPV6}):
		p.is4 = false
	default:
		return false
	}
	p.saddr, p.daddr = unspecified(p.is4), unspecified(p.is4)
	return true
}

func (p *savedRule) payload(l *expr.Payload, want []byte) bool {
	if l.Base == expr.PayloadBaseTransportHeader {
		switch {
		case l.Offset == offSport && l.Len == 4:
			p.sport, p.dport = binary.BigEndian.Uint16(want), binary.BigEndian.Uint16(want[2:])
		case l.Offset == offSport && l.Len == 2:
			p.sport = binary.BigEndian.Uint16(want)
		case l.Offset == offDport && l.Len == 2:
			p.dport = binary.BigEndian.Uint16(want)
		default:
			return false
		}
		return true
	}
	addr, ok := netip.AddrFromSlice(want)
	if l.Base != expr.PayloadBaseNetworkHeader || !ok || !p.saddr.IsValid() || addr.Is4() != p.is4 {
		return false
	}
	switch l.Offset {
	case loadAddr(p.is4, false).Offset:
		p.saddr = addr
	case loadAddr(p.is4, true).Offset:
		p.daddr = addr
	default:
		return false
	}
	return true
}

// commentType is NFTNL_UDATA_RULE_COMMENT.
const commentType = 0

// encodeComment makes the user data of a comment: type, length, text, NUL.
func encodeComment(s string) []byte {
	return append(append([]byte{commentType, byte(len(s) + 1)}, s...), 0)
}

// decodeComment returns the comment in a rule's user data, which anybody may have
// written: empty if there is none.
func decodeComment(udata []byte) string {
	for len(udata) >= 2 && len(udata) >= 2+int(udata[1]) {
		kind, value := udata[0], udata[2:2+int(udata[1])]
		if kind == commentType {
			return string(bytes.TrimSuffix(value, []byte{0}))
		}
		udata = udata[2+len(value):]
	}
	return ""
}
