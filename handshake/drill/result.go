package drill

import (
	"errors"
	"fmt"
	"strings"

	"tfocraft/handshake/drill/script"
)

// A Verdict is the result of a script in one word.
type Verdict string

// The verdicts. Unsupported is neither of the others: the script has something
// that is not understood here, or fails without something that is not there, so
// nothing can be said.
const (
	Pass        Verdict = "pass"
	Fail        Verdict = "fail"
	Unsupported Verdict = "unsupported"
)

// A Result is what became of a script.
type Result struct {
	Script  string
	Verdict Verdict
	Pos     script.Pos // of the event that failed, or is not supported
	Message string     // why, on one line; empty for a pass
	Detail  []string   // what was expected and what came, line by line
	Notes   []string   // what the script asks for that makes no difference here
	Unknown []string   // settings of which it is not known whether they make one
	Ignored []string   // what the script asks for and did not get: commands, and settings of TCP
	Events  int        // that were played
}

// A failure ends a script.
type failure struct {
	verdict Verdict
	message string
	detail  []string
}

func (f *failure) Error() string { return f.message }

func failf(format string, args ...any) error {
	return &failure{verdict: Fail, message: fmt.Sprintf(format, args...)}
}

func unsupportedf(format string, args ...any) error {
	return &failure{verdict: Unsupported, message: fmt.Sprintf(format, args...)}
}

func isUnsupported(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.verdict == Unsupported
}

// end takes what ended the script; nil if it was played to its end.
func (r *Result) end(err error) {
	if f, ok := errors.AsType[*failure](err); ok {
		r.Verdict, r.Message, r.Detail = f.verdict, f.message, f.detail
	} else if err != nil {
		r.Verdict, r.Message = Fail, err.Error()
	}
	r.excuse()
}

// String returns the result as lines for people.
func (r *Result) String() string {
	var b strings.Builder
	switch r.Verdict {
	case Pass:
		fmt.Fprintf(&b, "%s: pass", r.Script)
	default:
		fmt.Fprintf(&b, "%s:%v: %s: %s", r.Script, r.Pos, r.Verdict, r.Message)
	}
	for _, line := range r.Detail {
		b.WriteString("\n    " + line)
	}
	for _, what := range r.Ignored {
		b.WriteString("\n    " + what)
	}
	for _, path := range r.Unknown {
		b.WriteString("\n    the setting " + path + " is not known here and was passed over")
	}
	return b.String()
}
