package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A series is all transfers of a pair.
type series struct {
	pair
	samples []sample
	failed  int
}

// middle returns the median of what get returns of each sample, with the least and the most; zeros without samples.
func (s *series) middle(get func(sample) float64) (median, least, most float64) {
	if len(s.samples) == 0 {
		return 0, 0, 0
	}
	values := make([]float64, len(s.samples))
	for i, one := range s.samples {
		values[i] = get(one)
	}
	return middle(values)
}

// middle sorts values, of which there is at least one, and returns the median, the least and the most.
func middle(values []float64) (median, least, most float64) {
	slices.Sort(values)
	half := len(values) / 2
	median = values[half]
	if len(values)%2 == 0 {
		median = (values[half-1] + values[half]) / 2
	}
	return median, values[0], values[len(values)-1]
}

func (s *series) rate() float64 {
	median, _, _ := s.middle(func(one sample) float64 { return one.rate })
	return median
}

func printTable(w io.Writer, all []series) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "pair\tMB/s\tmin-max\tCPU s/GB send\treceive\tratio\tto\truns\tfailed")
	for i := range all {
		s := &all[i]
		rate, least, most := s.middle(func(one sample) float64 { return one.rate })
		send, _, _ := s.middle(func(one sample) float64 { return one.send })
		recv, _, _ := s.middle(func(one sample) float64 { return one.recv })
		fmt.Fprintf(t, "%s\t%.0f\t%.0f-%.0f\t%.2f\t%.2f\t%s\t%s\t%d\t%d\n", s.name(), rate, least, most, send, recv,
			ratio(rate, all, s.against), cmp.Or(s.against, "-"), len(s.samples), s.failed)
	}
	t.Flush()
}

// ratio sets a rate beside that of another pair.
func ratio(rate float64, all []series, against string) string {
	for i := range all {
		if all[i].name() == against && all[i].rate() > 0 {
			return fmt.Sprintf("%.2f", rate/all[i].rate())
		}
	}
	return "-"
}

// failures is an error if a transfer failed.
func failures(all []series) error {
	failed, of := 0, 0
	for _, s := range all {
		failed += s.failed
		of += s.failed + len(s.samples)
	}
	return someFailed("transfers", failed, of)
}

func someFailed(what string, failed, of int) error {
	if failed > 0 {
		return fmt.Errorf("%d of %d %s failed", failed, of, what)
	}
	return nil
}
