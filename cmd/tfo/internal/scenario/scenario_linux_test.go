package scenario_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/scenario"
)

// Every scenario is played with every combination of stacks, and all that it expects is seen.
func TestScenarios(t *testing.T) {
	for _, sc := range scenario.All() {
		for i, sides := range sc.Sides {
			t.Run(fmt.Sprintf("%s/%s-%s", sc.Name, sides.Client, sides.Server), func(t *testing.T) {
				t.Parallel()
				p := play(t, sc, scenario.Config{Sides: sides, Path: sc.Way(), IPv6: i%2 == 1})
				if len(p.Checks) == 0 {
					t.Error("nothing was expected")
				}
				for _, c := range p.Checks {
					if !c.OK {
						t.Errorf("not seen: %s: %s", c.What.En, c.Seen)
					}
				}
				if t.Failed() {
					t.Log(p.told)
				}
			})
		}
	}
}

// A played is the result of a scenario, with what was told.
type played struct {
	*scenario.Result
	told string
}

// play plays a scenario, or skips the test where that is not possible.
func play(t *testing.T, sc *scenario.Scenario, cfg scenario.Config) played {
	t.Helper()
	for _, program := range sc.Needs[cfg.Sides.Client] {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs the program %s", program)
		}
	}
	var mu sync.Mutex
	var told strings.Builder
	cfg.Tell = func(e scenario.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Line != nil {
			fmt.Fprintf(&told, "%v %d %s // %s %s\n", e.Line.At, e.Line.Connection, e.Line.Text, e.Line.Reason, e.Frame.Befell())
		}
	}
	r, err := sc.Run(t.Context(), cfg)
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return played{r, told.String()}
}
