package script

// A parser reads a script from left to right. tok is the token that comes next.
//
// The first error, and the first thing that is understood but not supported,
// stop it: tok is the end from then on, and nothing that is read counts.
type parser struct {
	lexer
	file string
	tok  token
	last int // the end of the token before tok
	defs definitions

	positions positions
	// fixed is where everything is, for the value of a definition, which is not
	// in the file.
	fixed *Pos

	err         *Error
	unsupported string

	depth int    // of brackets
	bare  bool   // a name does not take arguments; see result
	stack []Expr // the elements so far of the lists that are being read
	text  packetText
}

func newParser(file, src string, defs map[string]string) *parser {
	p := &parser{lexer: lexer{src: src}, file: file, defs: definitions{outside: defs}, positions: positions{src: src}}
	p.stack = make([]Expr, 0, 16)
	p.text = packetText{dst: make([]byte, 0, 128), marks: make([]mark, 0, 16)}
	p.advance()
	return p
}

// advance goes to the next token.
func (p *parser) advance() {
	if p.stopped() {
		return
	}
	p.last = p.tok.end
	p.tok = p.next()
	if p.problem != "" {
		p.failAt(p.problemAt, p.problem)
	}
}

func (p *parser) stopped() bool { return p.err != nil || p.unsupported != "" }

// failAt stops with an error at an offset.
func (p *parser) failAt(offset int, msg string) {
	if p.stopped() {
		return
	}
	p.err = &Error{File: p.file, Pos: p.positions.find(offset), Line: p.positions.lineAt(offset), Msg: msg}
	p.tok.kind = endToken
}

// fail stops with an error at the token that comes next.
func (p *parser) fail(msg string) { p.failAt(p.tok.start, msg) }

// giveUp stops at something that is not supported.
func (p *parser) giveUp(what string) {
	if p.stopped() {
		return
	}
	p.unsupported = what
	p.tok.kind = endToken
}

// pos is the place of the token that comes next.
func (p *parser) pos() Pos {
	if p.fixed != nil {
		return *p.fixed
	}
	return p.positions.find(p.tok.start)
}

// str is the text of the token that comes next.
func (p *parser) str() string { return p.src[p.tok.start:p.tok.end] }

// take returns the text of the token that comes next and goes on.
func (p *parser) take() string {
	s := p.str()
	p.advance()
	return s
}

// symbol returns the word that comes next, or its value if it is defined, and
// goes on.
func (p *parser) symbol() string {
	word := p.take()
	if value, ok := p.defs.value(word); ok {
		return value
	}
	return word
}

func (p *parser) is(kind tokenKind) bool { return p.tok.kind == kind }

func (p *parser) isSign(sign byte) bool { return p.is(signToken) && p.src[p.tok.start] == sign }

func (p *parser) isWordText(word string) bool { return p.is(wordToken) && p.str() == word }

// accept reads a sign if it comes next.
func (p *parser) accept(sign byte) bool {
	if !p.isSign(sign) {
		return false
	}
	p.advance()
	return true
}

// expect reads a sign; what names the place in the error.
func (p *parser) expect(sign byte, what string) {
	if !p.accept(sign) {
		p.fail(`expected "` + string(rune(sign)) + `" ` + what)
	}
}

// adjacent reports whether nothing stands between the token before and the one
// that comes next.
func (p *parser) adjacent() bool { return p.tok.start == p.last }
