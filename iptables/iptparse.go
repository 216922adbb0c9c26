package iptables

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseSaved parses one line of "iptables -v -S" as this package would have written
// it, with the packets counted. Lines of other rules, and tagged ones that
// somebody changed, give false. What passes can be deleted by Rule.Args.
func parseSaved(line string, is4 bool) (r Rule, packets uint64, ok bool) {
	if !strings.Contains(line, tagPrefix) {
		return Rule{}, 0, false
	}
	p := savedRule{is4: is4, saddr: unspecified(is4), daddr: unspecified(is4)}
	words := strings.Fields(line)
	for len(words) > 0 {
		n := p.take(words)
		if n == 0 || n > len(words) {
			return Rule{}, 0, false
		}
		words = words[n:]
	}
	return p.rule()
}

// savedRule collects the parts of a rule in any order.
type savedRule struct {
	is4           bool
	chain, target string
	saddr, daddr  netip.Addr
	sport, dport  uint16
	tcp, rst      bool
	toLocal       bool
	tag           Tag
	packets       uint64
}

func unspecified(is4 bool) netip.Addr {
	if is4 {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// take reads one flag with its values and returns the number of words, or 0 if this
// package does not write such a flag.
func (p *savedRule) take(words []string) int {
	if len(words) < 2 {
		return 0
	}
	var ok bool
	switch value := words[1]; words[0] {
	case "-A":
		p.chain, ok = value, true
	case "-j":
		p.target, ok = value, true
	case "-p":
		ok = value == "tcp" || value == "6"
		p.tcp = ok
	case "-m":
		ok = value == "tcp" || value == "comment" || value == "addrtype"
	case "-s":
		p.saddr, ok = hostAddr(value, p.is4)
	case "-d":
		p.daddr, ok = hostAddr(value, p.is4)
	case "--sport":
		p.sport, ok = portNumber(value)
	case "--dport":
		p.dport, ok = portNumber(value)
	case "--dst-type":
		ok = value == "LOCAL"
		p.toLocal = ok
	case "--comment":
		tag, err := ParseTag(strings.Trim(value, `"`))
		p.tag, ok = tag, err == nil
	case "--tcp-flags":
		p.rst = len(words) > 2 && value == "RST" && words[2] == "RST"
		return 3
	case "-c":
		packets, err := strconv.ParseUint(value, 10, 64)
		p.packets = packets
		if err == nil {
			return 3
		}
	}
	if !ok {
		return 0
	}
	return 2
}

// rule puts the parts together, if they make one of our rules and nothing else.
func (p *savedRule) rule() (r Rule, packets uint64, ok bool) {
	r.Tag = p.tag
	switch p.chain {
	case "OUTPUT":
		r.Scope = scopeOf(ModeRST, p.saddr, p.sport, p.daddr, p.dport)
	case "PREROUTING":
		r.Scope = scopeOf(ModeInbound, p.daddr, p.dport, p.saddr, p.sport)
	default:
		return Rule{}, 0, false
	}
	n, err := r.Scope.normalize()
	if err != nil || n != r.Scope || !p.tcp || p.target != "DROP" || r.Tag == (Tag{}) ||
		p.rst != (r.Scope.Mode == ModeRST) || p.toLocal != r.onlyToLocal() {
		return Rule{}, 0, false
	}
	return r, p.packets, true
}

// scopeOf makes a scope of decoded matches; a remote end that nothing matches on
// is any peer.
func scopeOf(mode Mode, local netip.Addr, localPort uint16, remote netip.Addr, remotePort uint16) Scope {
	s := Scope{Local: netip.AddrPortFrom(local, localPort), Mode: mode}
	if !remote.IsUnspecified() || remotePort != 0 {
		s.Remote = netip.AddrPortFrom(remote, remotePort)
	}
	return s
}

// hostAddr parses "192.0.2.1/32" and refuses anything wider than one address.
func hostAddr(s string, is4 bool) (netip.Addr, bool) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Addr(), prefix.IsSingleIP() && prefix.Addr().Is4() == is4
	}
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Is4() == is4
}

func portNumber(s string) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil && n != 0
}
