package script

import (
	"errors"
	"math"
	"strconv"

	"tfocraft/wire"
)

// otherProtocols are the words that begin a packet of a protocol other than TCP
// and ICMP, or of one inside another.
var otherProtocols = map[string]string{
	"udp":     "a UDP packet",
	"udplite": "a UDP-Lite packet",
	"sctp":    "an SCTP packet",
	"gre":     "a packet in GRE",
	"GREv0":   "a packet in GRE",
	"mpls":    "a packet in MPLS",
	"ipv4":    "a packet in IPv4",
	"ipv6":    "a packet in IPv6",
}

// packet reads a packet, its direction first.
func (p *parser) packet(e *Event) {
	direction := Direction(p.take()[0])
	ip, quoted := p.ipInfo(direction)
	if p.isWordText("icmp") || quoted.HasSeq {
		e.ICMP = p.icmp(direction, ip, quoted)
		return
	}
	e.Packet = &Packet{Direction: direction, IP: ip}
	p.otherProtocol()
	if p.is(intToken) {
		e.Packet.SrcPort = uint16(p.number("a port", math.MaxUint16))
		p.expect('>', "between two ports")
		e.Packet.DstPort = uint16(p.number("a port", math.MaxUint16))
		p.otherProtocol()
	}
	p.segment(e.Packet)
}

func (p *parser) otherProtocol() {
	if !p.is(wordToken) {
		return
	}
	if what, ok := otherProtocols[p.str()]; ok {
		p.giveUp(what)
	}
}

// segment reads a TCP segment. It finds where the text ends; what the text says
// is up to wire.
func (p *parser) segment(packet *Packet) {
	p.text.reset()
	p.flags()
	p.text.blank()
	length := p.sequence()
	for p.is(wordToken) {
		p.copyWord()
		if p.is(intToken) || p.is(hexToken) {
			p.copy()
		}
	}
	if p.isSign('<') {
		p.optionList(packet)
	}
	if p.isSign('{') {
		p.giveUp("a packet that is changed at random")
	}
	if p.stopped() {
		return
	}
	packet.Text = string(p.text.dst)
	var err error
	packet.SegmentText, err = wire.ParseText(packet.Text)
	if e, ok := errors.AsType[*wire.TextError](err); ok {
		p.failAt(p.text.source(e.Column-1), e.Msg)
	}
	if packet.Direction == In && len(packet.Segment.Payload) > longestPayload {
		p.failAt(length, "expected a payload that fits a packet, "+strconv.Itoa(longestPayload)+" bytes at most")
	}
}

// longestPayload is what the length field of IPv6 leaves beside a header of TCP; IPv4's
// counts its own header, too.
const longestPayload = math.MaxUint16 - wire.HeaderLen

// flags reads flags, between the letters and the point of which there may be
// blanks.
func (p *parser) flags() {
	start := p.tok.start
	if p.is(wordToken) || p.isSign('-') {
		p.glue()
	}
	if p.isSign('.') || p.is(floatToken) && p.src[p.tok.start] == '.' {
		p.glue()
	}
	if p.tok.start == start {
		p.fail("expected a packet: flags such as S. or - for none, or icmp")
	}
	if p.isSign('!') && p.adjacent() {
		p.glue() // reserved bits, in wire's own notation
		p.glue()
	}
}

// sequenceParts are what start:end(length) is made of.
var sequenceParts = [...]struct {
	kind tokenKind
	sign byte
	msg  string
}{
	{kind: intToken, msg: "expected sequence numbers after the flags, start:end(length)"},
	{kind: signToken, sign: ':', msg: `expected ":" between sequence numbers, start:end(length)`},
	{kind: intToken, msg: "expected the sequence number after the payload, start:end(length)"},
	{kind: signToken, sign: '(', msg: `expected "(" and the payload's length, start:end(length)`},
	{kind: intToken, msg: "expected the payload's length, start:end(length)"},
	{kind: signToken, sign: ')', msg: `expected ")" after the payload's length, start:end(length)`},
}

// sequence reads start:end(length), and returns where the length is.
func (p *parser) sequence() (length int) {
	if p.is(ellipsisToken) {
		p.giveUp("a packet with any sequence number")
	}
	for _, part := range &sequenceParts {
		if !p.is(part.kind) || part.sign != 0 && !p.isSign(part.sign) {
			p.fail(part.msg)
			return length
		}
		if part.kind == intToken {
			length = p.tok.start
		}
		p.copy()
	}
	if p.isSign('!') {
		p.giveUp("a packet with absolute sequence numbers")
	}
	return length
}

// number reads a decimal number up to a limit.
func (p *parser) number(what string, limit uint64) uint64 {
	if !p.is(intToken) {
		p.fail("expected " + what)
		return 0
	}
	n, err := strconv.ParseUint(p.str(), 10, 64)
	if err != nil || n > limit {
		p.fail("expected " + what + ", " + strconv.FormatUint(limit, 10) + " at most")
	}
	p.advance()
	return n
}
