package expr

// fail returns an error about what stands at an offset.
func (r *runner) fail(at int, msg string) error { return &EvalError{posOf(r.code, at), msg} }

func (r *runner) unsupported(at int, what string) error {
	return &UnsupportedError{posOf(r.code, at), what}
}

// work takes some steps of the limit.
func (r *runner) work(at, steps int) error {
	if r.left -= steps; r.left < 0 {
		return r.fail(at, "it takes too long")
	}
	return nil
}

func (r *runner) eval(n *node) (Value, error) {
	if err := r.work(n.at, 1); err != nil {
		return Value{}, err
	}
	switch n.kind {
	case nameNode:
		return r.name(n)
	case andNode, orNode:
		return r.logic(n)
	case notNode:
		v, err := r.eval(n.args[0])
		return Bool(!v.Truth()), err
	case condNode:
		condition, err := r.eval(n.args[0])
		switch {
		case err != nil:
			return Value{}, err
		case condition.Truth():
			return r.eval(n.args[1])
		}
		return r.eval(n.args[2])
	case compareNode:
		return r.chain(n)
	case callNode:
		return r.call(n)
	case unaryNode, binaryNode, indexNode, tupleNode, listNode:
		args, err := r.evalAll(n.args)
		if err != nil {
			return Value{}, err
		}
		return r.operate(n, args)
	}
	return n.value, nil
}

func (r *runner) evalAll(nodes []*node) ([]Value, error) {
	values := make([]Value, len(nodes))
	for i, n := range nodes {
		var err error
		if values[i], err = r.eval(n); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// operate gives the result for operands of which each is needed.
func (r *runner) operate(n *node, args []Value) (Value, error) {
	switch n.kind {
	case unaryNode:
		return r.unary(n.at, n.text, args[0])
	case binaryNode:
		return r.arithmetic(n.at, n.text, args[0], args[1])
	case indexNode:
		return r.index(n.at, args[0], args[1])
	case listNode:
		return List(args...), nil
	}
	return Tuple(args...), nil
}

func (r *runner) name(n *node) (Value, error) {
	if v, ok := r.env.lookup(n.text); ok {
		return v, nil
	}
	return Value{}, &NameError{posOf(r.code, n.at), n.text}
}

// logic gives the operand that decides.
func (r *runner) logic(n *node) (Value, error) {
	a, err := r.eval(n.args[0])
	if err != nil || a.Truth() == (n.kind == orNode) {
		return a, err
	}
	return r.eval(n.args[1])
}

// chain compares each operand with the next one, as long as that holds.
func (r *runner) chain(n *node) (Value, error) {
	a, err := r.eval(n.args[0])
	if err != nil {
		return Value{}, err
	}
	for i, op := range n.ops {
		b, err := r.eval(n.args[i+1])
		if err != nil {
			return Value{}, err
		}
		holds, err := r.compare(n.at, op, a, b)
		if err != nil || !holds {
			return Bool(false), err
		}
		a = b
	}
	return Bool(true), nil
}

// index gives an element; a negative index counts from the end.
func (r *runner) index(at int, v, index Value) (Value, error) {
	if !v.isSequence() {
		return Value{}, r.fail(at, v.kind.String()+" has no elements")
	}
	if err := r.work(at, v.size()); err != nil {
		return Value{}, err
	}
	items := v.items
	if v.kind == StrKind {
		items = characters(v.str)
	}
	i, ok := index.Int()
	if !ok {
		return Value{}, r.fail(at, "an index is an int, not "+index.kind.String())
	}
	if i < 0 {
		i += int64(len(items))
	}
	if i < 0 || i >= int64(len(items)) {
		return Value{}, r.fail(at, "there is no element at this index")
	}
	return items[i], nil
}

// characters returns the characters of a string.
func characters(s string) []Value {
	var items []Value
	for _, c := range s {
		items = append(items, Str(string(c)))
	}
	return items
}
