package expr

import "strings"

// block reads the lines with an indentation.
func (p *parser) block(indent string) (statements []statement) {
	for !p.is(endToken) && p.indent() == indent {
		if word := p.word(); word == "if" || word == "for" {
			statements = append(statements, p.compound(indent))
			continue
		}
		statements = p.line(statements)
	}
	if !p.is(endToken) && len(p.indent()) > len(indent) {
		p.fail("expected no change of the indentation")
	}
	return statements
}

// compound reads if or for with what belongs to it.
func (p *parser) compound(indent string) statement {
	if p.depth++; p.depth > maxDepth {
		p.fail("expected statements that nest less deep")
	}
	defer func() { p.depth-- }()
	s := statement{at: p.tok().start}
	if p.word() == "for" {
		p.advance()
		s.kind, s.targets = forStatement, []string{p.target(p.loopTarget())}
		if !p.acceptWord("in") {
			p.fail("expected in after the name that for assigns to")
		}
		s.expr = p.values()
		s.body = p.suite(indent)
		return s
	}
	p.advance()
	s.kind, s.expr = ifStatement, p.value()
	s.body = p.suite(indent)
	switch {
	case p.is(endToken) || p.indent() != indent:
	case p.word() == "elif":
		s.other = []statement{p.compound(indent)}
	case p.acceptWord("else"):
		s.other = p.suite(indent)
	}
	return s
}

// loopTarget reads what for assigns to, before the word in.
func (p *parser) loopTarget() *node {
	n := &node{kind: nameNode, at: p.tok().start, text: p.word()}
	if n.text == "" || keywords[n.text] {
		n.kind = literalNode
	}
	p.advance()
	if p.isOp(",") {
		p.unsupported("an assignment to anything but a name")
	}
	return n
}

// suite reads what stands behind a colon: the rest of the line, or lines that are
// indented more.
func (p *parser) suite(indent string) []statement {
	p.expect(":", "and the statements")
	if !p.is(newlineToken) {
		return p.line(nil)
	}
	p.advance()
	inner := p.indent()
	if len(inner) <= len(indent) || !strings.HasPrefix(inner, indent) {
		p.fail("expected an indented block")
	}
	return p.block(inner)
}
