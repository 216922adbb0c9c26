package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// testContender writes down that it was measured, and then ends as it is told.
func testContender(name string, measured *[]string, end func() error) contender {
	return contender{name: name, measure: func(context.Context, *traffic) ([]float64, error) {
		*measured = append(*measured, name)
		return []float64{1}, end()
	}}
}

func testSubjects(measured *[]string, end func() error) []subject {
	good := func() error { return nil }
	figures := []figure{{"", "apples/s", 0}}
	return []subject{
		{name: "first", figures: figures, contenders: []contender{testContender("a", measured, end), testContender("b", measured, good)}},
		{name: "second", figures: figures, contenders: []contender{testContender("c", measured, good)}},
	}
}

// What is asked for need not be in every subject, but in one.
func TestOnly(t *testing.T) {
	for only, want := range map[string][]string{"": {"a", "b", "c"}, "[bc]": {"b", "c"}, "c": {"c"}, "x": nil} {
		var measured []string
		var out strings.Builder
		named := testSubjects(&measured, func() error { return nil })
		err := measureSubjects(t.Context(), named, []string{"-n", "1", "-only", only}, &out, io.Discard)
		if (err == nil) != (want != nil) || !slices.Equal(measured, want) {
			t.Errorf("-only %q: measured %v, %v; want %v", only, measured, err, want)
		}
		if got, want := strings.Contains(out.String(), "first:"), slices.Contains(want, "b"); got != want {
			t.Errorf("-only %q: got\n%s\nwith a table of the first: %v", only, &out, want)
		}
	}
}

func TestFailureGoesOn(t *testing.T) {
	var measured []string
	named := testSubjects(&measured, func() error { return errors.New("broken") })
	err := measureSubjects(t.Context(), named, []string{"-n", "2"}, io.Discard, io.Discard)
	if want := []string{"a", "b", "a", "b", "c", "c"}; !slices.Equal(measured, want) {
		t.Errorf("measured %v, want %v", measured, want)
	}
	if got := exitCode(t.Context(), err); got != 1 {
		t.Errorf("got exit code %d, %v; want 1", got, err)
	}
}

// An interrupt ends it all; what was measured before is told.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var measured []string
	var out strings.Builder
	named := testSubjects(&measured, func() error {
		if len(measured) > 2 {
			cancel()
			return context.Canceled
		}
		return nil
	})
	err := measureSubjects(ctx, named, []string{"-n", "5"}, &out, io.Discard)
	if want := []string{"a", "b", "a"}; !slices.Equal(measured, want) {
		t.Errorf("measured %v, want %v", measured, want)
	}
	if got := exitCode(ctx, err); got != 130 {
		t.Errorf("got exit code %d, %v; want 130", got, err)
	}
	const want = `
first: ; medians
first  apples/s  min-max  ratio  runs  failed
a      1         1-1      -      1     0
b      1         1-1      -      1     0
`
	if got := out.String(); got != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", got, want[1:])
	}
}

func TestExitCode(t *testing.T) {
	if got := exitCode(t.Context(), nil); got != 0 {
		t.Errorf("got %d, want 0", got)
	}
}
