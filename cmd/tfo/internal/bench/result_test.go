package main

import (
	"math"
	"strings"
	"testing"
)

var testSubject = subject{
	name: "apples", about: "how many fall", figures: []figure{{"", "apples/s", 0}, {"weight", "g", 1}},
}

func testResults() []result {
	return []result{
		{contender: contender{name: "ours", against: []string{"theirs", "gone", "broken"}}, samples: [][]float64{{300, 1}, {100, 2}, {200, 6}}},
		{contender: contender{name: "theirs"}, samples: [][]float64{{90, 4}, {110, 4}}, failed: 1},
		{contender: contender{name: "gone", against: []string{"ours"}}, missing: "no tree is installed"},
		{contender: contender{name: "broken", against: []string{"ours"}}, failed: 2},
	}
}

func TestResults(t *testing.T) {
	var b strings.Builder
	if err := printResults(&b, testSubject, testResults()); err != nil {
		t.Fatal(err)
	}
	const want = `
apples: how many fall; medians
apples  apples/s  min-max  weight g  ratio          runs  failed
ours    200       100-300  2.0       2.00 x theirs  3     0
theirs  100       90-110   4.0       -              2     1
broken  -         -        -         -              0     2
gone: not there: no tree is installed
`
	if got := b.String(); got != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", got, want[1:])
	}
	if err := resultFailures(testResults()); err == nil || err.Error() != "3 of 8 measurements failed" {
		t.Errorf("got %v, want 3 of 8 measurements failed", err)
	}
	if err := resultFailures(testResults()[2:3]); err != nil {
		t.Errorf("got %v of what is not there, want no failure", err)
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := printJSON(&b, testSubject, testResults()); err != nil {
		t.Fatal(err)
	}
	const want = `
{"bench":"apples","subject":"ours","value":200,"unit":"apples/s","ratio_to":{"theirs":2},"min":100,"max":300,"runs":3}
{"bench":"apples","subject":"ours","figure":"weight","value":2,"unit":"g","ratio_to":{"theirs":0.5},"min":1,"max":6,"runs":3}
{"bench":"apples","subject":"theirs","value":100,"unit":"apples/s","ratio_to":{},"min":90,"max":110,"runs":2,"failed":1}
{"bench":"apples","subject":"theirs","figure":"weight","value":4,"unit":"g","ratio_to":{},"min":4,"max":4,"runs":2,"failed":1}
{"bench":"apples","subject":"gone","value":null,"unit":"apples/s","ratio_to":{},"runs":0,"missing":"no tree is installed"}
{"bench":"apples","subject":"gone","figure":"weight","value":null,"unit":"g","ratio_to":{},"runs":0,"missing":"no tree is installed"}
{"bench":"apples","subject":"broken","value":null,"unit":"apples/s","ratio_to":{},"runs":0,"failed":2}
{"bench":"apples","subject":"broken","figure":"weight","value":null,"unit":"g","ratio_to":{},"runs":0,"failed":2}
`
	if got := b.String(); got != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", got, want[1:])
	}
}

// What is no number is no figure.
func TestCheckFigures(t *testing.T) {
	if err := testSubject.checkFigures([]float64{0, 1}); err != nil {
		t.Errorf("got %v", err)
	}
	for _, bad := range [][]float64{nil, {1}, {1, math.NaN()}, {math.Inf(1), 1}, {1, 2, 3}} {
		if err := testSubject.checkFigures(bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
}

// Names are unique in a subject, and who is compared with is measured, too.
func TestSubjectNames(t *testing.T) {
	for _, s := range subjects() {
		names := make(map[string]bool)
		for _, c := range s.contenders {
			if names[c.name] {
				t.Errorf("%s has %s twice", s.name, c.name)
			}
			names[c.name] = true
		}
		for _, c := range s.contenders {
			for _, against := range c.against {
				if !names[against] {
					t.Errorf("%s: %s is compared with %s, which is not measured", s.name, c.name, against)
				}
			}
		}
	}
}
