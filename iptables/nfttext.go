package iptables

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The nft table of a tag has up to two chains; this is how nft writes them.
const (
	nftFamily          = "inet"
	nftChainRST        = "output"
	nftChainInbound    = "prerouting"
	nftChainRSTDef     = "{ type filter hook output priority filter; policy accept; }"
	nftChainInboundDef = "{ type filter hook prerouting priority raw; policy accept; }"
)

// nftChain returns the name of the rule's chain.
func (r Rule) nftChain() string {
	if r.Scope.Mode == ModeInbound {
		return nftChainInbound
	}
	return nftChainRST
}

// NFT returns the rule in the language of nft, as "nft list ruleset" prints it but
// for the counter's values. The ports come first: every packet of the host sees the
// rules of all connections, and most rules let it go for its ports.
func (r Rule) NFT() string {
	local, remote := r.Scope.Local, r.Scope.Remote
	src, dst := r.ends()
	words := appendPort(nil, "sport", src)
	words = appendPort(words, "dport", dst)
	if local.Addr().IsUnspecified() && !remote.IsValid() {
		words = append(words, nftFamilyMatch(r.Scope.Is4()))
	}
	words = appendAddr(words, "saddr", src)
	words = appendAddr(words, "daddr", dst)
	if r.onlyToLocal() {
		words = append(words, "fib daddr type local")
	}
	if r.Scope.Mode == ModeRST {
		words = append(words, "tcp flags rst")
	}
	words = append(words, "counter drop", fmt.Sprintf("comment %q", r.Tag))
	return strings.Join(words, " ")
}

func nftFamilyMatch(is4 bool) string {
	if is4 {
		return "meta nfproto ipv4"
	}
	return "meta nfproto ipv6"
}

// appendAddr appends the match on an address, unless it is any.
func appendAddr(words []string, field string, end netip.AddrPort) []string {
	switch addr := end.Addr(); {
	case !addr.IsValid() || addr.IsUnspecified():
		return words
	case addr.Is4():
		return append(words, "ip", field, addr.String())
	default:
		return append(words, "ip6", field, addr.String())
	}
}

// appendPort appends the match on a port, unless it is any.
func appendPort(words []string, field string, end netip.AddrPort) []string {
	if end.Port() == 0 {
		return words
	}
	return append(words, "tcp", field, strconv.Itoa(int(end.Port())))
}

// NFTCommands returns the commands that install the rule, for a shell: its table and
// its chain, which may exist already, and the rule itself.
func (r Rule) NFTCommands() []string {
	def := nftChainRSTDef
	if r.Scope.Mode == ModeInbound {
		def = nftChainInboundDef
	}
	table, chain := nftFamily+" "+r.Tag.table(), r.nftChain()
	return []string{
		"nft add table " + table,
		fmt.Sprintf("nft add chain %s %s '%s'", table, chain, def),
		fmt.Sprintf("nft add rule %s %s '%s'", table, chain, r.NFT()),
	}
}
