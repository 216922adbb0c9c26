package expr

import "strings"

// A parser reads tokens. The first error stops it: from then on it sees the end.
type parser struct {
	code   string
	tokens []token
	at     int
	depth  int
	err    error
}

// parse reads all statements of a piece of code.
func parse(code string) ([]statement, error) {
	tokens, err := tokenize(code)
	if err != nil {
		return nil, err
	}
	p := parser{code: code, tokens: tokens}
	statements := p.block(p.indent())
	if !p.is(endToken) {
		p.fail("expected no change of the indentation")
	}
	return statements, p.err
}

// indent returns what stands before the token that comes next on its line.
func (p *parser) indent() string {
	before := p.code[:p.tok().start]
	return before[strings.LastIndexByte(before, '\n')+1:]
}

// line reads the statements of a logical line.
func (p *parser) line(statements []statement) []statement {
	for {
		if s, ok := p.statement(); ok {
			statements = append(statements, s)
		}
		semicolon := p.accept(";")
		switch {
		case p.is(newlineToken):
			p.advance()
			return statements
		case p.is(endToken):
			return statements
		case !semicolon:
			p.fail("expected an operator or the end of the statement")
			return statements
		}
	}
}

// statement reads one statement; ok is false if it does nothing.
func (p *parser) statement() (s statement, ok bool) {
	s.at = p.tok().start
	word := p.word()
	switch {
	case word == "pass":
		p.advance()
		return s, false
	case word == "assert":
		p.advance()
		return p.assert(s), true
	case word == "print" && (p.beginsValue(p.peek()) || p.peek().kind != opToken) && !p.peekIs("("):
		p.advance()
		return p.print(s), true
	case word == "if" || word == "for":
		p.fail("expected a statement of one line: if and for begin one of their own")
	case otherStatements[word]:
		p.unsupported("the statement " + word)
	}
	return p.assignment(s), true
}

// otherStatements are the words that begin a statement which is not supported.
var otherStatements = map[string]bool{
	"import": true, "from": true, "while": true, "def": true, "class": true, "return": true, "try": true,
	"with": true, "del": true, "global": true, "nonlocal": true, "raise": true, "async": true, "break": true, "continue": true,
}

func (p *parser) assert(s statement) statement {
	s.kind = assertStatement
	s.start = p.tok().start
	s.expr = p.value()
	s.end = p.lastEnd()
	if p.accept(",") {
		s.message = p.value()
	}
	return s
}

// print reads what follows the print of Python 2, if anything does.
func (p *parser) print(s statement) statement {
	s.kind = printStatement
	s.expr = &node{kind: tupleNode, at: s.at}
	if p.beginsValue(p.tok()) {
		if n := p.values(); n.kind == tupleNode {
			s.expr = n
		} else {
			s.expr.args = []*node{n}
		}
	}
	return s
}

// assignment reads an assignment, or an expression that is evaluated for nothing.
func (p *parser) assignment(s statement) statement {
	s.expr = p.values()
	if op := p.tok().text; p.is(opToken) && len(op) > 1 && strings.HasSuffix(op, "=") && arithmetic[op[:len(op)-1]] {
		s.kind, s.op = updateStatement, op[:len(op)-1]
		s.targets = []string{p.target(s.expr)}
		p.advance()
		s.expr = p.values()
		return s
	}
	if p.isOp(":") {
		p.unsupported("an annotation")
	}
	for p.isOp("=") {
		s.kind = assignStatement
		s.targets = append(s.targets, p.target(s.expr))
		p.advance()
		s.expr = p.values()
	}
	return s
}

// target returns the name that is assigned to.
func (p *parser) target(n *node) string {
	switch n.kind {
	case nameNode:
		return n.text
	case tupleNode, listNode, indexNode:
		p.unsupported("an assignment to anything but a name")
	default:
		p.failAt(n.at, "expected a name before "+p.tok().text)
	}
	return ""
}

func (p *parser) tok() *token { return &p.tokens[p.at] }

// peek returns the token after the one that comes next.
func (p *parser) peek() *token { return &p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) peekIs(op string) bool { return p.peek().kind == opToken && p.peek().text == op }

func (p *parser) lastEnd() int {
	if p.at == 0 {
		return 0
	}
	return p.tokens[p.at-1].end
}

func (p *parser) advance() { p.at = min(p.at+1, len(p.tokens)-1) }

func (p *parser) is(kind tokenKind) bool { return p.tok().kind == kind }

func (p *parser) isOp(op string) bool { return p.is(opToken) && p.tok().text == op }

// word returns the name or keyword that comes next, if one does.
func (p *parser) word() string {
	if !p.is(nameToken) {
		return ""
	}
	return p.tok().text
}

func (p *parser) accept(op string) bool {
	if !p.isOp(op) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) acceptWord(word string) bool {
	if p.word() != word {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(op, what string) {
	if !p.accept(op) {
		p.fail("expected " + op + " " + what)
	}
}

// stop ends the reading with an error.
func (p *parser) stop(err error) {
	if p.err == nil {
		p.err = err
	}
	p.at = len(p.tokens) - 1
}

func (p *parser) failAt(offset int, msg string) { p.stop(&SyntaxError{posOf(p.code, offset), msg}) }

func (p *parser) fail(msg string) { p.failAt(p.tok().start, msg) }

func (p *parser) unsupported(what string) {
	p.stop(&UnsupportedError{posOf(p.code, p.tok().start), what})
}
