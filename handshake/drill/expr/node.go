package expr

// A nodeKind says what a node is.
type nodeKind uint8

const (
	literalNode nodeKind = iota
	nameNode
	unaryNode   // text is +, - or ~
	notNode     // not a
	binaryNode  // text is an arithmetic operator
	andNode     // a and b
	orNode      // a or b
	compareNode // a < b <= c: ops stand between args
	condNode    // args are condition, value if it holds, other value
	callNode    // text is the function
	indexNode   // a[b]
	tupleNode
	listNode
)

// A node is an expression, or a part of one. at is where it is in the code, or
// where its operator is.
type node struct {
	kind  nodeKind
	at    int
	text  string
	value Value
	args  []*node
	ops   []string
}

// names calls f for each name in the expression.
func (n *node) names(f func(name string)) {
	if n.kind == nameNode {
		f(n.text)
	}
	for _, arg := range n.args {
		arg.names(f)
	}
}

// A statementKind says what a statement does.
type statementKind uint8

const (
	evalStatement   statementKind = iota // evaluates and drops the value
	assertStatement                      // message is nil if there is none
	assignStatement                      // to all targets
	updateStatement                      // target op= value
	printStatement                       // args are a tuple
	ifStatement                          // body, or other
	forStatement                         // body for each element
)

// A statement is a statement. Its expression stands between start and end.
type statement struct {
	kind       statementKind
	at         int
	expr       *node
	message    *node
	targets    []string
	op         string
	start, end int
	body       []statement
	other      []statement
}
