package expr

// loop runs the body of a for for each element of a value.
func (r *runner) loop(s *statement, v Value) error {
	if !v.isSequence() {
		return r.fail(s.expr.at, v.kind.String()+" has no elements")
	}
	items := v.items
	if v.kind == StrKind {
		items = characters(v.str)
	}
	for _, item := range items {
		if err := r.work(s.at, 1); err != nil {
			return err
		}
		r.env.assign(s.targets[0], item)
		if err := r.all(s.body); err != nil {
			return err
		}
	}
	return nil
}

// rangeOf is the list of the integers of a range.
func (r *runner) rangeOf(at int, args []Value) (Value, error) {
	bounds := [3]int64{0, 0, 1}
	for i, arg := range args {
		n, ok := arg.Int()
		if !ok {
			return r.wrongType(at, "range", arg)
		}
		bounds[i] = n
	}
	if len(args) == 1 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	from, to, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return Value{}, r.fail(at, "a range without a step")
	}
	var items []Value
	for n := from; step > 0 && n < to || step < 0 && n > to; {
		if err := r.work(at, 1); err != nil {
			return Value{}, err
		}
		items = append(items, Int(n))
		next := n + step
		if (next > n) != (step > 0) {
			break // beyond 64 bits
		}
		n = next
	}
	return List(items...), nil
}
