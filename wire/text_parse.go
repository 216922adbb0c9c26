package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SegmentText is what a text says about a segment.
type SegmentText struct {
	// Segment has the numbers as they are written: [Segment.AddBase] makes
	// relative ones absolute. Its options are not padded beyond what is written,
	// its payload is zeros of the length that is written, for the caller to
	// replace, and its ports, data offset and checksum are zero. It does not
	// alias the text.
	Segment Segment
	// HasWindow reports whether the window is written; a script that expects a
	// segment may leave it open.
	HasWindow bool
	// AnyOptions reports <...>: the options are left open.
	AnyOptions bool
}

// ParseText reads the text form of one segment. Spaces may stand between all
// of its words and signs. Errors are of type [*TextError].
func ParseText(text string) (SegmentText, error) {
	p := textParser{text: text}
	var t SegmentText
	if err := p.segment(&t); err != nil {
		return SegmentText{}, err
	}
	return t, nil
}

// ParseFlags reads the flags of the text form, such as "S." or "-".
func ParseFlags(text string) (Flags, error) {
	p := textParser{text: text}
	f, err := p.flags()
	if err != nil {
		return 0, err
	}
	if err := p.wantEnd("expected the end after the flags"); err != nil {
		return 0, err
	}
	return f, nil
}

// textParser walks a text from left to right; at is the byte it has come to.
type textParser struct {
	text string
	at   int
}

func (p *textParser) segment(t *SegmentText) (err error) {
	if t.Segment.Flags, err = p.flags(); err != nil {
		return err
	}
	if err := p.sequence(&t.Segment); err != nil {
		return err
	}
	if p.keyword("ack") {
		ack, err := p.number("an acknowledgement number", math.MaxUint32)
		if err != nil {
			return err
		}
		t.Segment.Ack = Seq(ack)
	}
	if t.HasWindow = p.keyword("win"); t.HasWindow {
		if t.Segment.Window, err = p.uint16("a window"); err != nil {
			return err
		}
	}
	if p.keyword("urg") {
		if t.Segment.Urgent, err = p.uint16("an urgent pointer"); err != nil {
			return err
		}
	}
	if p.accept("<") {
		if err := p.optionList(t); err != nil {
			return err
		}
		return p.wantEnd("expected the end after the options")
	}
	return p.wantEnd(`expected "ack", "win", "urg" (in this order), options in "<>" or the end`)
}

// flags reads up to the next space.
func (p *textParser) flags() (Flags, error) {
	p.space()
	var f Flags
	start := p.at
	if p.take("-") {
		return p.reservedFlags(0)
	}
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		bit := flagOf(c)
		switch {
		case isSpace(c):
			return f, nil
		case c == '!' && p.at > start:
			return p.reservedFlags(f)
		case '0' <= c && c <= '7' && p.at > start && !f.Any(ECE|CWR|AE):
			p.at++
			return p.reservedFlags(f | aceFlags(c-'0'))
		case bit == 0:
			return 0, p.fail("expected flags, the letters FSRP.UEWA, or - for none")
		case f.Has(bit):
			return 0, p.fail("expected each flag once")
		}
		f |= bit
	}
	if p.at == start {
		return 0, p.fail("expected flags, the letters FSRP.UEWA, or - for none")
	}
	return f, nil
}

func flagOf(letter byte) Flags {
	for _, l := range flagLetters {
		if l.letter == letter {
			return l.flag
		}
	}
	return 0
}

// aceFlags spreads the ACE field of RFC 9768, Section 3.2.2, over its bits.
func aceFlags(ace byte) (f Flags) {
	if ace&1 != 0 {
		f |= ECE
	}
	if ace&2 != 0 {
		f |= CWR
	}
	if ace&4 != 0 {
		f |= AE
	}
	return f
}

// reservedFlags reads !N, if it is there, and then wants the flags to end.
func (p *textParser) reservedFlags(f Flags) (Flags, error) {
	if p.take("!") {
		if p.at == len(p.text) || p.text[p.at] < '1' || p.text[p.at] > '7' {
			return 0, p.fail("expected the reserved bits, 1 to 7")
		}
		f |= Flags(p.text[p.at]-'0') << 9
		p.at++
	}
	if p.at < len(p.text) && !isSpace(p.text[p.at]) {
		return 0, p.fail("expected a space after the flags")
	}
	return f, nil
}

// sequence reads start:end(length).
func (p *textParser) sequence(s *Segment) error {
	start, err := p.number("a sequence number", math.MaxUint32)
	if err != nil {
		return err
	}
	if err := p.expect(":"); err != nil {
		return err
	}
	p.space()
	endAt := p.at
	end, err := p.number("the sequence number after the payload", math.MaxUint32)
	if err != nil {
		return err
	}
	if err := p.expect("("); err != nil {
		return err
	}
	length, err := p.uint16("a payload length")
	if err != nil {
		return err
	}
	if err := p.expect(")"); err != nil {
		return err
	}
	s.Seq = Seq(start)
	if want := s.Seq.Add(int(length)); Seq(end) != want {
		p.at = endAt
		return p.fail(fmt.Sprintf("expected %d, the start plus the length %d", want, length))
	}
	if length > 0 {
		s.Payload = make([]byte, length)
	}
	return nil
}

func (p *textParser) uint16(what string) (uint16, error) {
	n, err := p.number(what, math.MaxUint16)
	return uint16(n), err
}

// number reads a decimal number.
func (p *textParser) number(what string, limit uint64) (uint64, error) {
	p.space()
	start := p.at
	for p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '9' {
		p.at++
	}
	if p.at == start {
		return 0, p.fail("expected " + what)
	}
	n, err := strconv.ParseUint(p.text[start:p.at], 10, 64)
	if err != nil || n > limit {
		p.at = start
		return 0, p.fail(fmt.Sprintf("expected %s, %d at most", what, limit))
	}
	return n, nil
}

// word reads letters and digits; there may be none.
func (p *textParser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.text) && isWord(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

// keyword reads a word if it is this one.
func (p *textParser) keyword(want string) bool {
	p.space()
	start := p.at
	if p.word() == want {
		return true
	}
	p.at = start
	return false
}

// accept reads a sign if it comes next, after spaces.
func (p *textParser) accept(sign string) bool {
	p.space()
	return p.take(sign)
}

func (p *textParser) expect(sign string) error {
	if !p.accept(sign) {
		return p.fail("expected " + strconv.Quote(sign))
	}
	return nil
}

// take reads a sign if it comes at once.
func (p *textParser) take(sign string) bool {
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *textParser) space() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

func (p *textParser) wantEnd(msg string) error {
	if p.space(); p.at < len(p.text) {
		return p.fail(msg)
	}
	return nil
}

func (p *textParser) fail(msg string) error {
	return &TextError{Text: p.text, Column: 1 + utf8.RuneCountInString(p.text[:p.at]), Msg: msg}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
