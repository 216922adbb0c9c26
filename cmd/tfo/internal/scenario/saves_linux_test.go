package scenario_test

import (
	"errors"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/wire/path"
)

// measure measures, or skips the test where there can be no lab.
func measure(t *testing.T, cfg scenario.SavesConfig) []scenario.Measurement {
	t.Helper()
	all, err := scenario.Saves(t.Context(), cfg)
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var bothStacks = []scenario.Side{scenario.Ours, scenario.Kernel}

// RFC 7413, Section 6: Fast Open saves one round trip. Whether it does so within a few percent depends on what else the machine does,
// so that this test leaves room; a measurement that is not as expected was repeated.
func TestSaves(t *testing.T) {
	t.Parallel()
	const runs = 2
	done := make(chan struct{}, 100)
	all := measure(t, scenario.SavesConfig{
		Stacks: bothStacks, RTTs: []time.Duration{0, 300 * time.Millisecond}, Runs: runs, Done: func() { done <- struct{}{} },
	})
	if len(all) != 4 || len(done) != 4*runs {
		t.Fatalf("%d measurements, %d exchanges of each kind, want 4 and %d", len(all), len(done), 4*runs)
	}
	for _, m := range all {
		if s := m.Saving(); s.Stack != m.Stack.String() || s.RTT != m.RTT || s.PlainResponse != m.Plain.Response || s.FastOpenRequest != m.FastOpen.Request {
			t.Errorf("got %+v of %+v", s, m)
		}
		if m.RTT == 0 {
			if len(m.Checks()) > 0 || m.Runs != runs {
				t.Errorf("without a path it was judged: %+v", m)
			}
			continue
		}
		saved := m.Saved()
		for _, d := range []time.Duration{saved.Request, saved.Response} {
			if d < m.RTT/2 || d > 2*m.RTT {
				t.Errorf("saved %v: %+v", d, m)
			}
		}
		if c := m.Checks(); m.Runs < 4*runs && !(c[0].OK && c[1].OK) {
			t.Errorf("%d runs were enough for %+v", m.Runs, c)
		}
	}
}

// A path that takes the option away saves nothing, and nobody waits for it to change.
func TestSavesNothing(t *testing.T) {
	t.Parallel()
	const runs = 3
	cfg := scenario.SavesConfig{Stacks: bothStacks, RTTs: []time.Duration{50 * time.Millisecond}, Runs: runs, IPv6: true}
	cfg.Path.Middleboxes = []path.Middlebox{{Name: "strip-option"}}
	for _, m := range measure(t, cfg) {
		if c := m.Checks(); len(c) != 2 || c[0].OK || m.Runs != runs {
			t.Errorf("%s: after %d runs %+v", m.Stack, m.Runs, c)
		}
	}
}

// A path that lets nothing through is an error, and ends all of the measurement.
func TestSavesWithoutAnswer(t *testing.T) {
	t.Parallel()
	cfg := scenario.SavesConfig{Stacks: bothStacks, RTTs: []time.Duration{100 * time.Millisecond}, Runs: 1}
	cfg.Path.Middleboxes = []path.Middlebox{{Name: "reset-on-option"}}
	_, err := scenario.Saves(t.Context(), cfg)
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err == nil {
		t.Error("no error, though every SYN with the option was answered with a reset")
	}
}
