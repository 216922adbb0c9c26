package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
)

func printCases(w io.Writer, cases []testCase) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range cases {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.name, c.role, c.pkg, c.how)
	}
	t.Flush()
}

// toolPackages are needed beside the programs of the cases: they speak for
// proxies, or stand behind them, and judge.
var toolPackages = []string{"curl", "knot-dnsutils", "openssl", "python3", "tshark"}

func printPackages(w io.Writer, cases []testCase) {
	packages := slices.Clone(toolPackages)
	for _, c := range cases {
		packages = append(packages, c.pkg)
	}
	slices.Sort(packages)
	for _, p := range slices.Compact(packages) {
		fmt.Fprintln(w, p)
	}
}

// packageVersion asks dpkg; elsewhere the version stays unknown.
func packageVersion(ctx context.Context, pkg string) string {
	out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		return "?"
	}
	return string(out)
}

func report(w io.Writer, form string, rows []row) error {
	switch form {
	case "json":
		return reportJSON(w, rows)
	case "markdown":
		return reportMarkdown(w, rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "program\trole\tfamily")
	for _, c := range checks {
		fmt.Fprintf(t, "\t%s", c)
	}
	fmt.Fprintln(t)
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(t, "%s\t%s\t%s", r.name, r.role, r.family())
		for _, c := range checks {
			fmt.Fprintf(t, "\t%s", r.cell(c))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// cell is one word for a check.
func (r *row) cell(c check) string {
	switch {
	case r.err != nil:
		return "?"
	case r.verdicts[c].ok:
		return "yes"
	}
	return "no"
}

// surprises are the checks that came out otherwise than known.
func (r *row) surprises() (all []string) {
	if r.err != nil {
		return []string{r.err.Error()}
	}
	for _, c := range checks {
		v := r.verdicts[c]
		reason, known := r.known[c]
		switch {
		case !v.ok && !known:
			all = append(all, fmt.Sprintf("%s: %s", c, v.why))
		case v.ok && known && !slices.Contains(r.sometimes, c):
			all = append(all, fmt.Sprintf("%s: works, but is known not to: %s", c, reason))
		}
	}
	if why := r.verdicts[goodReply].why; !strings.Contains(why, r.refusal) {
		all = append(all, fmt.Sprintf("%s: %s, want the refusal %q", goodReply, why, r.refusal))
	}
	return all
}

// complain tells about every surprise, with the exchange, and returns their
// number.
func complain(w io.Writer, rows []row) (n int) {
	for i := range rows {
		r := &rows[i]
		all := r.surprises()
		n += len(all)
		for _, s := range all {
			fmt.Fprintf(w, "interop: %s, %s, %s: %s\n", r.name, r.role, r.family(), s)
		}
		if len(all) > 0 && r.text != "" {
			fmt.Fprint(w, r.text)
		}
	}
	return n
}

func reportJSON(w io.Writer, rows []row) error {
	type cell struct {
		Check string `json:"check"`
		OK    bool   `json:"ok"`
		Why   string `json:"why,omitempty"`
		Known string `json:"known,omitempty"`
	}
	encoder := json.NewEncoder(w)
	for i := range rows {
		r := &rows[i]
		var cells []cell
		for _, c := range checks {
			cells = append(cells, cell{string(c), r.verdicts[c].ok, r.verdicts[c].why, r.known[c]})
		}
		line := struct {
			Name    string `json:"name"`
			Role    role   `json:"role"`
			Package string `json:"package"`
			Version string `json:"version"`
			Family  string `json:"family"`
			Checks  []cell `json:"checks"`
			Error   string `json:"error,omitempty"`
		}{r.name, r.role, r.pkg, r.version, r.family(), cells, ""}
		if r.err != nil {
			line.Error = r.err.Error()
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
