package script

import (
	"math"
	"strconv"
	"time"
)

const timeForms = "expected a time: 1.5, +1.5, 1~2, +1~+2 or *"

// time reads when an event happens, and the end of a call that blocks.
func (p *parser) time() (t Time) {
	if p.accept('*') {
		return Time{Kind: Anytime}
	}
	if p.isSign('#') {
		p.fail(timeForms + "; a comment begins with // or /*")
	}
	rangeKind := AbsoluteRange
	if p.accept('+') {
		t.Kind, rangeKind = Relative, RelativeRange
	}
	t.At = p.seconds(timeForms)
	var endAt int
	switch {
	case p.accept('~'):
		if t.Kind == Relative {
			p.expect('+', "before the end of the range, as before its beginning")
		}
		t.Kind, endAt = rangeKind, p.tok.start
		t.End = p.seconds("expected the end of the range")
	case p.is(ellipsisToken):
		p.advance()
		t.Blocks, endAt = true, p.tok.start
		t.End = p.seconds("expected when the call returns")
	default:
		return t
	}
	if t.End < t.At {
		p.failAt(endAt, "expected an end that is not before the beginning")
	}
	return t
}

// checkTime holds an event to the times that make sense for it.
func (p *parser) checkTime(e *Event, start int) {
	ranged := e.Time.Kind == AbsoluteRange || e.Time.Kind == RelativeRange || e.Time.Kind == Anytime
	expected := e.Packet != nil && e.Packet.Direction == Out || e.ICMP != nil && e.ICMP.Direction == Out
	switch {
	case ranged && !expected:
		p.failAt(start, "expected one time: a range or * is for packets that are expected")
	case e.Time.Blocks && e.Call == nil:
		p.failAt(start, "expected one time: an end after ... is for calls")
	}
}

// seconds reads a number of seconds; msg is the error if there is none.
func (p *parser) seconds(msg string) time.Duration {
	if !p.is(intToken) && !p.is(floatToken) {
		p.fail(msg)
		return 0
	}
	text := p.str()
	if text[0] == '-' {
		p.fail("expected a time that is not negative")
		return 0
	}
	d, ok := parseSeconds(text)
	if !ok {
		p.fail("expected a time of 290 years at most")
	}
	p.advance()
	return d
}

// parseSeconds reads 1, 1.5 or .5, exactly down to nanoseconds.
func parseSeconds(text string) (time.Duration, bool) {
	digits := digitsLen(text)
	var whole uint64
	if digits > 0 {
		var err error
		if whole, err = strconv.ParseUint(text[:digits], 10, 64); err != nil || whole >= math.MaxInt64/uint64(time.Second) {
			return 0, false
		}
	}
	d := time.Duration(whole) * time.Second
	unit := time.Second
	for i := digits + 1; i < len(text); i++ {
		unit /= 10
		d += time.Duration(text[i]-'0') * unit
	}
	return d, true
}
