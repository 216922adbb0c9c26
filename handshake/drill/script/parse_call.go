package script

import "strings"

// call reads name(arguments) = result, and what is written of an error.
func (p *parser) call() *Call {
	c := &Call{Pos: p.pos(), Name: p.symbol()}
	p.expect('(', "before the arguments of "+c.Name)
	c.Args = p.list(')', "after the arguments")
	p.expect('=', "and the result after the call")
	c.Result = p.result()
	if p.is(wordToken) {
		c.Errno = p.symbol()
	}
	if p.isSign('(') {
		c.Note = p.note()
	}
	return c
}

// result reads an expression in which a name takes no arguments: what follows in
// parentheses is a note.
func (p *parser) result() Expr {
	p.bare = true
	defer func() { p.bare = false }()
	return p.expr()
}

// note reads "(Connection reset by peer)".
func (p *parser) note() string {
	open := p.tok
	for !p.is(endToken) && !p.isSign(')') {
		p.advance()
	}
	if !p.isSign(')') {
		p.failAt(open.start, `expected a closing ")" for the note that begins here`)
		return ""
	}
	note := p.src[open.end:p.tok.start]
	p.advance()
	return strings.TrimSpace(condense(note))
}
