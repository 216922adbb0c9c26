package expr

// maxDepth limits how deep expressions nest, so that no code exhausts the stack.
const maxDepth = 100

// values reads expressions with commas between, which are a tuple.
func (p *parser) values() *node {
	at := p.tok().start
	if p.isOp("*") {
		p.unsupported("a starred expression")
	}
	first := p.value()
	if !p.isOp(",") {
		return first
	}
	n := &node{kind: tupleNode, at: at, args: []*node{first}}
	for p.accept(",") && p.beginsValue(p.tok()) {
		n.args = append(n.args, p.value())
	}
	return n
}

// beginsValue reports whether an expression can begin with a token.
func (p *parser) beginsValue(t *token) bool {
	switch t.kind {
	case literalToken:
		return true
	case nameToken:
		switch t.text {
		case "not", "lambda", "await", "yield": // the last three to say that they are not supported
			return true
		}
		return !keywords[t.text] || constants[t.text] != nil
	case opToken:
		switch t.text {
		case "(", "[", "{", "+", "-", "~", "...", "*":
			return true
		}
	}
	return false
}

// value reads an expression: a if c else b, or what binds closer.
func (p *parser) value() *node {
	if p.depth++; p.depth > maxDepth {
		p.fail("expected an expression that nests less deep")
	}
	defer func() { p.depth-- }()
	if p.word() == "lambda" {
		p.unsupported("a lambda expression")
	}
	a := p.disjunction()
	if p.isOp(":=") {
		p.unsupported("an assignment in an expression")
	}
	if p.word() != "if" {
		return a
	}
	n := &node{kind: condNode, at: p.tok().start}
	p.advance()
	condition := p.disjunction()
	if !p.acceptWord("else") {
		p.fail("expected else and another value")
	}
	n.args = []*node{condition, a, p.value()}
	return n
}

func (p *parser) disjunction() *node {
	return p.joined(orNode, "or", func() *node { return p.joined(andNode, "and", p.negation) })
}

// joined reads operands with a word between them.
func (p *parser) joined(kind nodeKind, word string, operand func() *node) *node {
	a := operand()
	for p.word() == word {
		n := &node{kind: kind, at: p.tok().start}
		p.advance()
		n.args = []*node{a, operand()}
		a = n
	}
	return a
}

func (p *parser) negation() *node {
	if p.word() != "not" {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		p.fail("expected an expression that nests less deep")
	}
	n := &node{kind: notNode, at: p.tok().start}
	p.advance()
	n.args = []*node{p.negation()}
	p.depth--
	return n
}

func (p *parser) comparison() *node {
	a := p.operation(lowest)
	op := p.comparator()
	if op == "" {
		return a
	}
	n := &node{kind: compareNode, at: p.tok().start, args: []*node{a}}
	for ; op != ""; op = p.comparator() {
		p.advance()
		if op == "is not" || op == "not in" {
			p.advance()
		}
		n.ops = append(n.ops, op)
		n.args = append(n.args, p.operation(lowest))
	}
	return n
}

// comparator returns which comparison comes next.
func (p *parser) comparator() string {
	t := p.tok()
	next := p.peek()
	switch {
	case t.kind == opToken:
		switch t.text {
		case "<", ">", "==", ">=", "<=", "!=":
			return t.text
		}
	case t.kind != nameToken:
	case t.text == "is" && next.kind == nameToken && next.text == "not":
		return "is not"
	case t.text == "not" && next.kind == nameToken && next.text == "in":
		return "not in"
	case t.text == "in" || t.text == "is":
		return t.text
	}
	return ""
}

// lowest is the precedence of the arithmetic operator that binds least.
const lowest = 1

// arithmetic are the binary operators that give a number.
var arithmetic = map[string]bool{
	"|": true, "^": true, "&": true, "<<": true, ">>": true, "+": true, "-": true, "*": true, "/": true, "//": true, "%": true, "**": true,
}

// precedence returns how close a binary operator binds, ** left out, which binds
// closer than the signs before it; 0 for anything else.
func precedence(t *token) int {
	if t.kind != opToken {
		return 0
	}
	switch t.text {
	case "|":
		return lowest
	case "^":
		return 2
	case "&":
		return 3
	case "<<", ">>":
		return 4
	case "+", "-":
		return 5
	case "*", "/", "//", "%", "@":
		return 6
	}
	return 0
}

// operation reads operands and the operators between them that have at least a
// precedence.
func (p *parser) operation(least int) *node {
	a := p.factor()
	for {
		own := precedence(p.tok())
		if own < least {
			return a
		}
		if p.isOp("@") {
			p.unsupported("a matrix product")
		}
		n := &node{kind: binaryNode, at: p.tok().start, text: p.tok().text}
		p.advance()
		n.args = []*node{a, p.operation(own + 1)}
		a = n
	}
}

// factor reads an operand with its signs. A sign binds closer than * and less
// than **, whose right side may have signs of its own.
func (p *parser) factor() *node {
	if p.depth++; p.depth > maxDepth {
		p.fail("expected an expression that nests less deep")
	}
	defer func() { p.depth-- }()
	if p.isOp("+") || p.isOp("-") || p.isOp("~") {
		n := &node{kind: unaryNode, at: p.tok().start, text: p.tok().text}
		p.advance()
		n.args = []*node{p.factor()}
		return n
	}
	a := p.primary()
	if !p.isOp("**") {
		return a
	}
	n := &node{kind: binaryNode, at: p.tok().start, text: "**"}
	p.advance()
	n.args = []*node{a, p.factor()}
	return n
}

// primary reads an atom, its arguments and indexes.
func (p *parser) primary() *node {
	a := p.atom()
	for {
		at := p.tok().start
		switch {
		case p.isOp("("):
			p.advance()
			if a.kind != nameNode {
				p.unsupported("a call of anything but a name")
			}
			a = &node{kind: callNode, at: a.at, text: a.text, args: p.arguments()}
		case p.isOp("["):
			p.advance()
			a = &node{kind: indexNode, at: at, args: []*node{a, p.index()}}
		case p.isOp("."):
			p.unsupported("an attribute")
		default:
			return a
		}
	}
}

func (p *parser) index() *node {
	if p.isOp(":") {
		p.unsupported("a slice")
	}
	n := p.values()
	if p.isOp(":") {
		p.unsupported("a slice")
	}
	p.expect("]", "after an index")
	return n
}

// arguments reads what is in the parentheses of a call, the closing one included.
func (p *parser) arguments() (args []*node) {
	for p.beginsValue(p.tok()) || p.isOp("**") {
		if p.isOp("*") || p.isOp("**") {
			p.unsupported("a starred argument")
		}
		if p.is(nameToken) && p.peekIs("=") {
			p.unsupported("an argument by its name")
		}
		args = append(args, p.value())
		if p.word() == "for" || p.word() == "async" {
			p.unsupported("a generator expression")
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "or a comma after an argument")
	return args
}

// constants are the names that are values by themselves.
var constants = map[string]*Value{"None": new(Value), "True": new(Bool(true)), "False": new(Bool(false))}

// keywords are no names.
var keywords = map[string]bool{
	"None": true, "True": true, "False": true, "and": true, "as": true, "assert": true, "async": true, "await": true, "break": true,
	"class": true, "continue": true, "def": true, "del": true, "elif": true, "else": true, "except": true, "finally": true, "for": true,
	"from": true, "global": true, "if": true, "import": true, "in": true, "is": true, "lambda": true, "nonlocal": true, "not": true,
	"or": true, "pass": true, "raise": true, "return": true, "try": true, "while": true, "with": true, "yield": true,
}

func (p *parser) atom() *node {
	t := p.tok()
	n := &node{at: t.start}
	switch {
	case t.kind == literalToken:
		n.value = t.value
		p.advance()
	case t.kind == nameToken:
		p.name(n)
	case p.isOp("("):
		p.advance()
		return p.parenthesized(t.start)
	case p.isOp("["):
		p.advance()
		n.kind, n.args = listNode, p.elements("]")
	case p.isOp("{"):
		p.unsupported("a set or dictionary")
	case p.isOp("..."):
		p.unsupported("...")
	case p.isOp("*"), p.isOp("**"):
		p.unsupported("a starred expression")
	default:
		p.fail("expected a value")
	}
	return n
}

func (p *parser) name(n *node) {
	word := p.word()
	switch {
	case constants[word] != nil:
		n.value = *constants[word]
	case word == "await" || word == "yield" || word == "lambda":
		p.unsupported("the expression " + word)
	case keywords[word]:
		p.fail("expected a value, and " + word + " is none")
	default:
		n.kind, n.text = nameNode, word
	}
	p.advance()
}

// parenthesized reads an expression in parentheses, or a tuple.
func (p *parser) parenthesized(at int) *node {
	if p.accept(")") {
		return &node{kind: tupleNode, at: at}
	}
	n := p.values()
	if p.word() == "for" || p.word() == "async" {
		p.unsupported("a generator expression")
	}
	p.expect(")", "after an expression")
	return n
}

// elements reads the elements of a list and the closing bracket.
func (p *parser) elements(closing string) (args []*node) {
	for p.beginsValue(p.tok()) {
		args = append(args, p.value())
		if p.word() == "for" || p.word() == "async" {
			p.unsupported("a comprehension")
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(closing, "or a comma after an element")
	return args
}
