package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	got, err := parseNumbers("sent=3 rate=1.5\n")
	if want := (numbers{"sent": 3, "rate": 1.5}); err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if values, err := got.get("rate", "sent"); err != nil || values[0] != 1.5 || values[1] != 3 {
		t.Errorf("got %v, %v", values, err)
	}
	if _, err := got.get("rate", "done"); err == nil {
		t.Error("a number that is not there was found")
	}
	for _, bad := range []string{"", "sent", "sent=x"} {
		if n, err := parseNumbers(bad); err == nil {
			t.Errorf("parseNumbers(%q): got %v, want an error", bad, n)
		}
	}
}

func TestParseLoad(t *testing.T) {
	const second = `{"type":"second"}`
	const result = `{"mode":"exchange","sent":900,"retransmits":6,"accepted":8,"completed":7,"resets":0,"timeouts":3,"aborted":2,"send_errors":1,"rate":3.5,"latency_us":{"p50":1}}`
	got, err := parseLoad([]byte(second + "\n" + result + "\n"))
	want := numbers{
		"started": 900, "accepted": 8, "done": 7, "resets": 0, "rate": 3.5, "wrong": 0, "resent": 6,
		"failed": 5, "timeouts": 3, "aborted": 2, "send_errors": 1,
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	bad := []string{"", "x", second, strings.Replace(result, `"send_errors":1,`, `"send_errors":10,`, 1)}
	for _, field := range []string{"sent", "retransmits", "accepted", "completed", "resets", "timeouts", "aborted", "send_errors", "rate"} {
		bad = append(bad, strings.Replace(result, `"`+field+`"`, `"other"`, 1))
	}
	for _, bad := range bad {
		if n, err := parseLoad([]byte(bad)); err == nil {
			t.Errorf("parseLoad(%q): got %v, want an error", bad, n)
		}
	}
}

func TestExchangesCheck(t *testing.T) {
	good := numbers{"started": 1000, "accepted": 1000, "done": 1000, "wrong": 0, "resets": 0, "failed": 0}
	if err := good.check(); err != nil {
		t.Errorf("got %v", err)
	}
	for name, value := range map[string]float64{"accepted": 900, "done": 0, "wrong": 1, "resets": 11, "failed": 11} {
		bad := maps.Clone(good)
		bad[name] = value
		if err := bad.check(); err == nil {
			t.Errorf("%s %.0f of 1000 passed", name, value)
		}
		delete(bad, name)
		if err := bad.check(); err == nil {
			t.Errorf("without %s it passed", name)
		}
	}
}

// Figures are made of numbers that all have to be there.
func TestFiguresNeedNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		numbers string
		figures func(numbers) ([]float64, error)
		want    []float64
	}{
		"exchanges": {
			"started=1000 accepted=1000 done=1000 wrong=0 resets=0 failed=0 resent=2 rate=500",
			func(n numbers) ([]float64, error) { return exchangeFigures(n, time.Millisecond) }, []float64{500, 1, 100, 2},
		},
		"latency": {"started=10 accepted=10 done=10 p50_us=5 p99_us=9 rate=50", latencyFigures, []float64{5, 9, 50}},
		"flood": {
			"started=10 responses=5 wrong=0 p50_us=6 p99_us=9",
			func(n numbers) ([]float64, error) { return floodFigures(numbers{"p50_us": 2}, n) }, []float64{50, 6, 2, 3, 9},
		},
		"without flood": {
			"p50_us=2",
			func(n numbers) ([]float64, error) {
				return floodFigures(n, numbers{"started": 10, "responses": 5, "wrong": 0, "p50_us": 6, "p99_us": 9})
			}, []float64{50, 6, 2, 3, 9},
		},
	} {
		all, err := parseNumbers(c.numbers)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.figures(all); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
		for missing := range all {
			fewer := maps.Clone(all)
			delete(fewer, missing)
			if got, err := c.figures(fewer); err == nil {
				t.Errorf("%s without %s: got %v, want an error", name, missing, got)
			}
		}
	}
}

func TestParseCPU(t *testing.T) {
	stat := "12 (a) b (c) S 1 12 12 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 4 0 7 8 9"
	if got, err := parseCPU(stat); err != nil || got != 2810*time.Millisecond {
		t.Errorf("got %v, %v; want 2.81s", got, err)
	}
	if _, err := parseCPU("12 (a) S 1"); err == nil {
		t.Error("a line without times passed")
	}
}

func TestParseResident(t *testing.T) {
	if got, err := parseResident("Name:\ta\nVmRSS:\t    1234 kB\nVmSwap: 1 kB\n"); err != nil || got != 1234*1024 {
		t.Errorf("got %v, %v; want %d", got, err, 1234*1024)
	}
	if _, err := parseResident("Name:\ta\n"); err == nil {
		t.Error("a status without VmRSS passed")
	}
}

// A text is heard also when it comes in pieces, once a line.
func TestSaying(t *testing.T) {
	s := newSaying("ready")
	for _, part := range []string{"not yet\nre", "ady, ready\n", "ready\nready"} {
		fmt.Fprint(s, part)
	}
	if got := len(s.heard); got != 2 {
		t.Errorf("heard %d times, want 2", got)
	}
	if got, want := s.String(), "not yet\nready, ready\nready\nready"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
