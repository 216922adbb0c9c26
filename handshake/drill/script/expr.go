package script

import (
	"slices"
	"strconv"
	"strings"
)

// maxDepth limits how deep expressions nest, so that no input exhausts the stack.
const maxDepth = 100

// expr reads an expression, or "name = value", which is a Binary of "=".
func (p *parser) expr() Expr {
	left := p.operation(lowest)
	if left.Kind != Symbol && left.Kind != Apply || !p.isSign('=') {
		return left
	}
	pos := p.pos()
	p.advance()
	return Expr{Pos: pos, Kind: Binary, Text: "=", Args: []Expr{left, p.nested((*parser).expr)}}
}

// nested reads what is one level further inside.
func (p *parser) nested(read func(*parser) Expr) Expr {
	if p.depth++; p.depth > maxDepth {
		p.fail("expected an expression that nests less deep")
	}
	e := read(p)
	p.depth--
	return e
}

// lowest is the precedence of the operator that binds least.
const lowest = 1

// operation reads operands and the operators between them that have at least a
// precedence. There is no +, - and *: the next event may begin with one.
func (p *parser) operation(precedence int) Expr {
	left := p.unary()
	for {
		op, own := p.operator()
		if own < precedence {
			return left
		}
		pos := p.pos()
		for range len(op) {
			p.advance() // each character is a token of its own
		}
		left = Expr{Pos: pos, Kind: Binary, Text: op, Args: []Expr{left, p.operation(own + 1)}}
	}
}

// operator returns which operator comes next and its precedence, that of C; 0 if
// there is none.
func (p *parser) operator() (op string, precedence int) {
	if !p.is(signToken) {
		return "", 0
	}
	switch rest := p.src[p.tok.start:]; {
	case rest[0] == '|':
		return "|", lowest
	case rest[0] == '^':
		return "^", 2
	case rest[0] == '&':
		return "&", 3
	case strings.HasPrefix(rest, "<<"):
		return "<<", 4
	case strings.HasPrefix(rest, ">>"):
		return ">>", 4
	}
	return "", 0
}

func (p *parser) unary() Expr {
	if !p.isSign('~') && !p.isSign('-') && !p.isSign('!') {
		return p.primary()
	}
	e := Expr{Pos: p.pos(), Kind: Unary, Text: p.take()}
	e.Args = []Expr{p.nested((*parser).unary)}
	return e
}

func (p *parser) primary() Expr {
	pos := p.pos()
	switch {
	case p.is(ellipsisToken):
		p.advance()
		return Expr{Pos: pos, Kind: Ellipsis}
	case p.is(intToken), p.is(hexToken):
		return p.integer()
	case p.is(stringToken):
		return p.stringExpr()
	case p.is(wordToken):
		return p.name()
	case p.accept('['):
		return Expr{Pos: pos, Kind: Array, Args: p.list(']', "after the elements")}
	case p.accept('{'):
		return Expr{Pos: pos, Kind: Struct, Fields: p.fields()}
	}
	p.fail(`expected a value: ..., a number, a name, a string, [elements] or {fields}`)
	return Expr{}
}

// integer reads a number. As in packetdrill, zeros in front do not make it octal.
func (p *parser) integer() Expr {
	e := Expr{Pos: p.pos(), Kind: Integer}
	var err error
	if p.is(hexToken) {
		var n uint64
		n, err = strconv.ParseUint(p.str()[2:], 16, 64)
		e.Int = int64(n)
	} else {
		e.Int, err = strconv.ParseInt(p.str(), 10, 64)
	}
	if err != nil {
		p.fail("expected a number of 64 bits at most")
	}
	p.advance()
	return e
}

// name reads a symbol, the value of one that is defined, or a function with its
// arguments.
func (p *parser) name() Expr {
	if value, ok := p.defs.value(p.str()); ok {
		return p.defined(value)
	}
	e := Expr{Pos: p.pos(), Kind: Symbol, Text: p.take()}
	if !p.bare && p.accept('(') {
		e.Kind = Apply
		e.Args = p.list(')', "after the arguments of "+e.Text)
	}
	return e
}

// defined reads the value of a definition, which is at the place of its name.
func (p *parser) defined(value string) Expr {
	pos, start := p.pos(), p.tok.start
	name := p.take()
	inner := &parser{lexer: lexer{src: value}, positions: positions{src: value}, fixed: &pos}
	inner.advance()
	e := inner.expr()
	if inner.stopped() || !inner.is(endToken) {
		p.failAt(start, "expected "+name+" to be defined as a value, not as "+strconv.Quote(value))
	}
	return e
}

// list reads expressions up to a closing bracket.
func (p *parser) list(closing byte, after string) []Expr {
	bare := p.bare
	p.bare = false
	start := len(p.stack)
	if !p.isSign(closing) {
		p.stack = append(p.stack, p.nested((*parser).expr))
		for p.accept(',') {
			p.stack = append(p.stack, p.nested((*parser).expr))
		}
	}
	list := slices.Clone(p.stack[start:])
	p.stack = p.stack[:start]
	p.bare = bare
	if !p.accept(closing) {
		p.fail(`expected "," or "` + string(rune(closing)) + `" ` + after)
	}
	return list
}

// fields reads the inside of a struct and the bracket that closes it.
func (p *parser) fields() (fields []Field) {
	bare := p.bare
	p.bare = false
	if !p.isSign('}') {
		fields = append(fields, p.field())
		for p.accept(',') {
			fields = append(fields, p.field())
		}
	}
	p.bare = bare
	if !p.accept('}') {
		p.fail(`expected "=", "," or "}" after a field`)
	}
	return fields
}

func (p *parser) field() Field {
	if p.isSign('(') {
		p.giveUp("a stack of MPLS labels")
	}
	flags := p.isWordText("flags") || p.isWordText("Flags")
	left := p.nested(func(p *parser) Expr { return p.operation(lowest) })
	if !p.isSign('=') {
		if flags && (p.isSign('[') || p.is(intToken) || p.is(hexToken)) {
			p.giveUp("a GRE header")
		}
		return Field{Value: left}
	}
	if left.Kind != Symbol && left.Kind != Apply {
		p.fail(`expected a name before "="`)
	}
	p.advance()
	f := Field{Value: p.nested((*parser).expr)}
	if left.Kind == Symbol {
		f.Name = left.Text
	} else {
		f.Left = &left
	}
	return f
}
