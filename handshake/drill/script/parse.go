package script

import "strings"

// Parse reads a script. Name is that of its file, for errors, which are of type
// [*Error]. Defs are symbols and their values: where a symbol stands as a whole
// word in a packet or an argument, its value is read instead. The option
// --define=NAME=VALUE of the script defines one, too, unless defs has it.
//
// A script has options, a command without a time, events, of which there is at
// least one, and a command without a time again.
func Parse(name string, text []byte, defs map[string]string) (*Script, error) {
	p := newParser(name, string(text), defs)
	s := &Script{Name: name}
	p.options(s)
	s.Events = make([]Event, 0, 1+len(text)/64) // most lines are events
	if p.isCommand() {
		p.event(s)
	}
	p.events(s)
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

// events reads the events and the command after them.
func (p *parser) events(s *Script) {
	if p.is(endToken) {
		p.fail("expected an event, its time first")
	}
	for timed := false; !p.stopped(); timed = true {
		start, last := p.tok.start, p.isCommand()
		p.event(s)
		if last && !(timed && p.is(endToken)) {
			p.failAt(start, "expected a time: only a command before all events or after them has none")
		}
		if p.is(endToken) {
			return
		}
	}
}

// options reads the lines --name=value.
func (p *parser) options(s *Script) {
	for p.is(optionToken) {
		o := Option{Pos: p.pos()}
		o.Name = p.take()[len("--"):]
		if p.isSign('=') {
			o.Value = p.optionValue()
		}
		s.Options = append(s.Options, o)
		if o.Name == "define" {
			p.defs.define(o.Value)
		}
	}
}

// optionValue reads the sign = and a value: a string, or anything up to the next
// white space or comment, in which strings keep their quotes.
func (p *parser) optionValue() string {
	p.advance()
	start := p.tok.start
	if p.is(endToken) {
		p.fail(`expected a value after "="`)
		return ""
	}
	if p.is(stringToken) {
		return inside(p.take())
	}
	p.advance()
	for !p.is(endToken) && p.adjacent() {
		p.advance()
	}
	return p.src[start:p.last]
}

// event reads one event and adds it.
func (p *parser) event(s *Script) {
	start := p.tok.start
	e := Event{Pos: p.pos()}
	if p.isCommand() {
		e.Time.Kind = Immediately
	} else {
		e.Time = p.time()
	}
	p.action(&e)
	p.checkTime(&e, start)
	if p.unsupported != "" {
		e = Event{Pos: e.Pos, Time: e.Time, Unsupported: &Unsupported{p.unsupported}}
		p.skipEvent(start)
	}
	if !p.stopped() {
		e.Source = condense(p.src[start:p.last])
		s.Events = append(s.Events, e)
	}
}

func (p *parser) action(e *Event) {
	switch {
	case p.isSign(byte(In)), p.isSign(byte(Out)):
		p.packet(e)
	case p.isCommand():
		e.Command = &Command{p.command()}
	case p.is(codeToken):
		e.Code = p.code()
	case p.is(wordToken):
		e.Call = p.call()
	default:
		p.fail(`expected what happens: a packet after "<" or ">", a call, a command in backquotes or %{ code }%`)
	}
}

// isCommand reports whether a command comes next, or a symbol that stands for one.
func (p *parser) isCommand() bool {
	if p.is(wordToken) {
		value, _ := p.defs.value(p.str())
		return strings.HasPrefix(value, "`")
	}
	return p.is(backquoteToken)
}

func (p *parser) command() string {
	return inside(p.symbol())
}

// inside returns what stands between quotes, as it is written. The closing one
// may be missing in a definition only.
func inside(quoted string) string {
	text := quoted[1:]
	return strings.TrimSuffix(text, quoted[:1])
}

// code reads %{ code }%, without the blanks at both ends, as packetdrill does
// for Python's sake.
func (p *parser) code() *Code {
	text := strings.TrimLeft(p.src[p.tok.start+2:p.tok.end-2], " \t")
	p.tok.start = p.tok.end - 2 - len(text)
	c := &Code{Pos: p.pos(), Text: strings.TrimRight(text, " \t")}
	p.advance()
	return c
}

// skipEvent goes from the start of an event that is not supported to the next
// one: to a token that is the first of its line, not in brackets, and can begin
// an event.
func (p *parser) skipEvent(start int) {
	p.unsupported = ""
	p.at = start
	p.advance()
	for depth := 0; ; {
		p.advance()
		if p.is(endToken) || p.tok.first && depth == 0 && p.beginsEvent() {
			return
		}
		switch {
		case p.isSign('('), p.isSign('['), p.isSign('{'):
			depth++
		case p.isSign(')'), p.isSign(']'), p.isSign('}'):
			depth = max(0, depth-1)
		}
	}
}

func (p *parser) beginsEvent() bool {
	return p.is(intToken) || p.is(floatToken) || p.isSign('+') || p.isSign('*') || p.isCommand()
}

// condense returns a piece of the source without comments and with one blank for
// any white space.
func condense(src string) string {
	if isCondensed(src) {
		return src
	}
	l := lexer{src: src}
	dst := make([]byte, 0, len(src))
	for last := 0; ; last = l.at {
		t := l.next()
		if t.kind == endToken {
			return string(dst)
		}
		if t.start > last {
			dst = append(dst, ' ')
		}
		dst = appendOneLine(dst, src[t.start:t.end])
	}
}

func isCondensed(src string) bool {
	blank := false
	for i := range len(src) {
		c := src[i]
		if c == '/' || isSpace(c) && (c != ' ' || blank) {
			return false
		}
		blank = c == ' '
	}
	return true
}

// appendOneLine adds a token with one blank for any white space inside.
func appendOneLine(dst []byte, s string) []byte {
	for i := range len(s) {
		switch {
		case !isSpace(s[i]):
			dst = append(dst, s[i])
		case i == 0 || !isSpace(s[i-1]):
			dst = append(dst, ' ')
		}
	}
	return dst
}
