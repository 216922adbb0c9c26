package expr

import "strings"

// An Env holds the variables that code assigns. The zero Env is ready to use.
type Env struct {
	// Lookup gives the value of a name that is not a variable; nil knows none.
	Lookup func(name string) (Value, bool)

	vars   map[string]Value
	output strings.Builder
}

// maxOutput limits what print keeps.
const maxOutput = 64 << 10

// maxSteps limits the work of one call. An assertion takes a few dozen.
const maxSteps = 1_000_000

// Run executes statements. It stops at the first that fails; what was assigned
// before stays assigned. Errors are of the types *SyntaxError, *UnsupportedError,
// *NameError, *EvalError and *AssertError; places are those in code.
func (e *Env) Run(code string) error {
	statements, err := parse(code)
	if err != nil {
		return err
	}
	r := runner{env: e, code: code, left: maxSteps}
	return r.all(statements)
}

// Eval returns the value of an expression.
func (e *Env) Eval(code string) (Value, error) {
	statements, err := parse(code)
	if err != nil {
		return Value{}, err
	}
	if len(statements) != 1 || statements[0].kind != evalStatement {
		return Value{}, &SyntaxError{Pos{1, 1}, "expected one expression"}
	}
	r := runner{env: e, code: code, left: maxSteps}
	return r.eval(statements[0].expr)
}

// Output returns what code has printed, up to some limit.
func (e *Env) Output() string { return e.output.String() }

// print adds a line to the output.
func (e *Env) print(args []Value) {
	for i, arg := range args {
		if i > 0 {
			e.output.WriteByte(' ')
		}
		if text := arg.text(); e.output.Len()+len(text) < maxOutput {
			e.output.WriteString(text)
		}
	}
	if e.output.Len() < maxOutput {
		e.output.WriteByte('\n')
	}
}

func (e *Env) assign(name string, v Value) {
	if e.vars == nil {
		e.vars = make(map[string]Value)
	}
	e.vars[name] = v
}

// lookup returns the value of a name.
func (e *Env) lookup(name string) (Value, bool) {
	if v, ok := e.vars[name]; ok {
		return v, true
	}
	if e.Lookup == nil {
		return Value{}, false
	}
	return e.Lookup(name)
}

// A runner executes the statements of one call.
type runner struct {
	env  *Env
	code string
	left int // of maxSteps
}

func (r *runner) all(statements []statement) error {
	for i := range statements {
		if err := r.run(&statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) run(s *statement) error {
	if s.kind == updateStatement {
		return r.update(s)
	}
	v, err := r.eval(s.expr)
	if err != nil {
		return err
	}
	switch s.kind {
	case assignStatement:
		for _, target := range s.targets {
			r.env.assign(target, v)
		}
	case printStatement:
		r.env.print(v.items)
	case ifStatement:
		if v.Truth() {
			return r.all(s.body)
		}
		return r.all(s.other)
	case forStatement:
		return r.loop(s, v)
	case assertStatement:
		if !v.Truth() {
			return r.failed(s)
		}
	}
	return nil
}

// update executes target op= value.
func (r *runner) update(s *statement) error {
	old, err := r.eval(&node{kind: nameNode, at: s.at, text: s.targets[0]})
	if err != nil {
		return err
	}
	operand, err := r.eval(s.expr)
	if err != nil {
		return err
	}
	v, err := r.arithmetic(s.at, s.op, old, operand)
	if err == nil {
		r.env.assign(s.targets[0], v)
	}
	return err
}

// failed returns the error of an assertion that does not hold. As in Python the
// message is evaluated only now.
func (r *runner) failed(s *statement) error {
	e := &AssertError{Pos: posOf(r.code, s.at), Expr: strings.Join(strings.Fields(r.code[s.start:s.end]), " ")}
	seen := make(map[string]bool)
	s.expr.names(func(name string) {
		if v, ok := r.env.lookup(name); ok && !seen[name] {
			e.Values = append(e.Values, Named{name, v})
		}
		seen[name] = true
	})
	if s.message == nil {
		return e
	}
	message, err := r.eval(s.message)
	if err != nil {
		return err
	}
	e.Message = message.text()
	return e
}
