package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// A result is all measurements of a contender.
type result struct {
	contender
	missing string      // why there are none
	samples [][]float64 // one a run, with all figures
	failed  int
}

// middle returns the median of a figure, with the least and the most; ok is false without measurements.
func (r *result) middle(figure int) (median, least, most float64, ok bool) {
	if len(r.samples) == 0 {
		return 0, 0, 0, false
	}
	values := make([]float64, len(r.samples))
	for i, sample := range r.samples {
		values[i] = sample[figure]
	}
	median, least, most = middle(values)
	return median, least, most, true
}

// ratios sets the median of a figure beside those of the contenders that r is compared with.
func (r *result) ratios(figure int, all []result) map[string]float64 {
	to := make(map[string]float64)
	mine, _, _, ok := r.middle(figure)
	for i := range all {
		theirs, _, _, there := all[i].middle(figure)
		if ok && there && theirs != 0 && slices.Contains(r.against, all[i].name) {
			to[all[i].name] = mine / theirs
		}
	}
	return to
}

func printResults(w io.Writer, s subject, all []result) error {
	fmt.Fprintf(w, "%s: %s; medians\n", s.name, s.about)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, s.name)
	for i, f := range s.figures {
		fmt.Fprintf(t, "\t%s", f.heading())
		if i == 0 {
			fmt.Fprint(t, "\tmin-max")
		}
	}
	fmt.Fprintln(t, "\tratio\truns\tfailed")
	for i := range all {
		if all[i].missing == "" {
			all[i].printRow(t, s, all)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range all {
		if r.missing != "" {
			fmt.Fprintf(w, "%s: not there: %s\n", r.name, r.missing)
		}
	}
	return nil
}

// heading is the figure's name with its unit, or the unit alone if that says it all.
func (f figure) heading() string {
	if f.name == "" {
		return f.unit
	}
	return f.name + " " + f.unit
}

func (r *result) printRow(w io.Writer, s subject, all []result) {
	fmt.Fprint(w, r.name)
	for i, f := range s.figures {
		median, least, most, ok := r.middle(i)
		switch {
		case !ok && i == 0:
			fmt.Fprint(w, "\t-\t-")
		case !ok:
			fmt.Fprint(w, "\t-")
		case i == 0:
			fmt.Fprintf(w, "\t%.*f\t%.*f-%.*f", f.digits, median, f.digits, least, f.digits, most)
		default:
			fmt.Fprintf(w, "\t%.*f", f.digits, median)
		}
	}
	var ratios []string
	to := r.ratios(0, all)
	for _, name := range r.against {
		if ratio, ok := to[name]; ok {
			ratios = append(ratios, fmt.Sprintf("%.2f x %s", ratio, name))
		}
	}
	fmt.Fprintf(w, "\t%s\t%d\t%d\n", cmp.Or(strings.Join(ratios, ", "), "-"), len(r.samples), r.failed)
}

// A jsonLine is one figure of one contender. Value is null, and missing or failed say why, where there is none.
type jsonLine struct {
	Bench   string             `json:"bench"`
	Subject string             `json:"subject"`
	Figure  string             `json:"figure,omitempty"`
	Value   *float64           `json:"value"`
	Unit    string             `json:"unit"`
	RatioTo map[string]float64 `json:"ratio_to"`
	Least   *float64           `json:"min,omitempty"`
	Most    *float64           `json:"max,omitempty"`
	Runs    int                `json:"runs"`
	Failed  int                `json:"failed,omitempty"`
	Missing string             `json:"missing,omitempty"`
}

func printJSON(w io.Writer, s subject, all []result) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range all {
		r := &all[i]
		for n, f := range s.figures {
			line := jsonLine{
				Bench: s.name, Subject: r.name, Figure: f.name, Unit: f.unit, RatioTo: r.ratios(n, all),
				Runs: len(r.samples), Failed: r.failed, Missing: r.missing,
			}
			if median, least, most, ok := r.middle(n); ok {
				line.Value, line.Least, line.Most = &median, &least, &most
			}
			if err := e.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// resultFailures is an error if a measurement failed. What is not there did not.
func resultFailures(all []result) error {
	failed, of := 0, 0
	for _, r := range all {
		failed += r.failed
		of += r.failed + len(r.samples)
	}
	return someFailed("measurements", failed, of)
}
