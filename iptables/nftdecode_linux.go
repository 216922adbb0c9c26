package iptables

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

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
