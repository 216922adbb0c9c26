package script

import (
	"math"
	"strconv"

	"tfocraft/wire"
)

// icmp reads an ICMP error, the word icmp first. Quoted is what stood before it.
func (p *parser) icmp(direction Direction, ip IPInfo, quoted Quoted) *ICMP {
	m := &ICMP{Direction: direction, IP: ip, Quoted: quoted}
	if !p.isWordText("icmp") {
		p.fail(`expected "icmp" after a segment in brackets`)
	}
	p.advance()
	if !p.is(wordToken) {
		p.fail("expected the type of an ICMP error, such as unreachable")
	}
	if m.Type = p.symbol(); m.Type == "echo_request" || m.Type == "echo_reply" {
		p.giveUp("an ICMP echo")
	}
	if p.is(wordToken) && !p.isWordText("mtu") && !p.isWordText("id") {
		m.Code = p.symbol()
	}
	if p.isWordText("mtu") {
		p.advance()
		m.MTU = int(p.number("an MTU", math.MaxUint32))
	}
	if p.isWordText("id") {
		p.giveUp("an ICMP message with an identifier")
	}
	if p.accept('[') {
		m.Quoted = p.quoted()
		p.expect(']', "after the quoted segment")
	}
	return m
}

// quoted reads the inside of the brackets around a quoted segment.
func (p *parser) quoted() (q Quoted) {
	switch {
	case p.isWordText("raw"):
		p.giveUp("an ICMP error that quotes raw IP")
	case p.is(wordToken):
		p.otherProtocol()
	}
	start := p.tok.start
	p.text.reset()
	if !p.is(intToken) {
		p.flags()
		flags, err := wire.ParseFlags(string(p.text.dst))
		if q.Flags = flags; err != nil {
			p.failAt(start, "expected the flags of the quoted segment, or its sequence numbers, start:end(length)")
		}
	}
	q.HasSeq = true
	q.Start = uint32(p.number("a sequence number", math.MaxUint32))
	p.expect(':', "between sequence numbers, start:end(length)")
	endAt := p.tok.start
	q.End = uint32(p.number("the sequence number after the payload", math.MaxUint32))
	p.expect('(', "and the payload's length, start:end(length)")
	q.Length = int(p.number("a payload length", math.MaxUint16))
	p.expect(')', "after the payload's length, start:end(length)")
	if want := q.Start + uint32(q.Length); q.End != want {
		p.failAt(endAt, "expected "+strconv.FormatUint(uint64(want), 10)+", the start plus the length "+strconv.Itoa(q.Length))
	}
	return q
}
