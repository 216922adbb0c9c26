package script

import (
	"math"
	"strconv"
)

const ipInfoForms = "expected what is said of IP: noecn, ect0, ect1, ect01, ce, tos, ttl or flowlabel"

// ipInfo reads what stands in brackets before a packet. In scripts of the
// language's first version that may also be the segment that an ICMP error
// quotes.
func (p *parser) ipInfo(direction Direction) (ip IPInfo, quoted Quoted) {
	closing := byte(']')
	switch {
	case p.accept('['):
	case p.accept('('):
		closing = ')'
	default:
		return ip, quoted
	}
	if p.is(intToken) {
		quoted = p.quoted()
	} else {
		p.ipItem(&ip, direction)
		for p.accept(',') {
			p.ipItem(&ip, direction)
		}
	}
	p.expect(closing, "after what is said of IP")
	return ip, quoted
}

func (p *parser) ipItem(ip *IPInfo, direction Direction) {
	if !p.is(wordToken) {
		p.fail(ipInfoForms)
		return
	}
	if p.str() == "ecn" {
		p.advance() // [ecn ect0] is [ect0]
	}
	start := p.tok.start
	switch word := p.take(); word {
	case "noecn":
		ip.ECN = NoECN
	case "ect0":
		ip.ECN = ECT0
	case "ect1":
		ip.ECN = ECT1
	case "ect01":
		if ip.ECN = ECT01; direction == In {
			p.failAt(start, "expected ect0 or ect1: ect01 is for packets that are expected")
		}
	case "ce":
		ip.ECN = CE
	case "tos", "class":
		ip.TOS, ip.HasTOS = uint8(p.ipNumber(word, math.MaxUint8)), true
	case "ttl", "hlim":
		ip.TTL, ip.HasTTL = uint8(p.ipNumber(word, math.MaxUint8)), true
	case "flowlabel":
		ip.FlowLabel, ip.HasFlowLabel = uint32(p.ipNumber(word, 1<<20-1)), true
	case "dscp":
		p.giveUp("a packet with a DSCP")
	default:
		p.failAt(start, ipInfoForms)
	}
}

// ipNumber reads a number in decimal or hex.
func (p *parser) ipNumber(what string, limit int64) int64 {
	if !p.is(intToken) && !p.is(hexToken) {
		p.fail("expected a number after " + what)
		return 0
	}
	start := p.tok.start
	n := p.integer().Int
	if n < 0 || n > limit {
		p.failAt(start, "expected "+what+" to be "+strconv.FormatInt(limit, 10)+" at most")
	}
	return n
}
