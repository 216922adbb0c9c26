package main

import (
	"fmt"
	"io"
	"strings"

	"tfocraft/handshake/drill"
)

// drillOutput shows the results of scripts.
type drillOutput struct {
	w       io.Writer
	print   func(w io.Writer, number int, r *drill.Result) error
	summary bool
	counts  map[drill.Verdict]int
	n       int
}

func (d *drillFlags) output(w io.Writer, scripts int) (*drillOutput, error) {
	o := &drillOutput{w: w, counts: make(map[drill.Verdict]int)}
	switch {
	case d.json:
		o.print = printDrillJSON
	case d.tap:
		o.print = printTAP
		_, err := fmt.Fprintf(w, "TAP version 13\n1..%d\n", scripts)
		return o, err
	default:
		o.print, o.summary = printDrill, scripts > 1
	}
	return o, nil
}

func (o *drillOutput) show(r *drill.Result) error {
	o.n++
	o.counts[r.Verdict]++
	return o.print(o.w, o.n, r)
}

// end fails if any script has.
func (o *drillOutput) end() error {
	if o.summary {
		fmt.Fprintf(o.w, "%d of %d passed, %d failed, %d unsupported\n",
			o.counts[drill.Pass], o.n, o.counts[drill.Fail], o.counts[drill.Unsupported])
	}
	if o.counts[drill.Pass] < o.n {
		return &failure{code: exitFailed, err: errSilent}
	}
	return nil
}

func printDrill(w io.Writer, _ int, r *drill.Result) error {
	_, err := fmt.Fprintln(w, r)
	return err
}

// drillJSON is a result for programs. Line is 0 of a script that has passed.
type drillJSON struct {
	Script  string   `json:"script"`
	Result  string   `json:"result"`
	Line    int      `json:"line"`
	Message string   `json:"message"`
	Detail  []string `json:"detail,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	Unknown []string `json:"unknown,omitempty"`
	Ignored []string `json:"ignored,omitempty"`
}

func printDrillJSON(w io.Writer, _ int, r *drill.Result) error {
	j := drillJSON{Script: r.Script, Result: string(r.Verdict), Message: r.Message, Detail: r.Detail, Notes: r.Notes, Unknown: r.Unknown, Ignored: r.Ignored}
	if r.Verdict != drill.Pass {
		j.Line = r.Pos.Line
	}
	return printJSON(w, j)
}

// printTAP prints a line of the Test Anything Protocol. What is not supported is
// not ok: skipping it would count it as passed.
func printTAP(w io.Writer, number int, r *drill.Result) error {
	name := strings.ReplaceAll(r.Script, "#", "")
	var b strings.Builder
	for _, what := range r.Ignored {
		fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(what, "\n", " "))
	}
	for _, path := range r.Unknown {
		fmt.Fprintf(&b, "# the setting %s is not known\n", path)
	}
	if r.Verdict == drill.Pass {
		_, err := fmt.Fprintf(w, "%sok %d - %s\n", b.String(), number, name)
		return err
	}
	fmt.Fprintf(&b, "not ok %d - %s\n  ---\n  result: %s\n  line: %d\n  message: %q\n", number, name, r.Verdict, r.Pos.Line, r.Message)
	if len(r.Detail) > 0 {
		b.WriteString("  detail: |\n")
		for _, line := range r.Detail {
			b.WriteString("    " + line + "\n")
		}
	}
	b.WriteString("  ...\n")
	_, err := io.WriteString(w, b.String())
	return err
}
