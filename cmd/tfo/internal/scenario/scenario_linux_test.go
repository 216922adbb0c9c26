package scenario_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
)

// Every scenario is played with every combination of stacks, over both families, and all that it expects is seen.
func TestScenarios(t *testing.T) {
	for _, sc := range scenario.All() {
		for _, sides := range sc.Sides {
			for _, family := range []string{"IPv4", "IPv6"} {
				t.Run(fmt.Sprintf("%s/%s-%s/%s", sc.Name, sides.Client, sides.Server, family), func(t *testing.T) {
					t.Parallel()
					wantAll(t, play(t, sc, scenario.Config{Sides: sides, Path: sc.Way(), IPv6: family == "IPv6"}))
				})
			}
		}
	}
}

func wantAll(t *testing.T, p played) {
	t.Helper()
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
}

// A longer, narrower path with jitter changes nothing of what is to be seen.
func TestOverAnotherPath(t *testing.T) {
	for _, name := range []string{"first-and-second", "wrong-cookie", "key-rotation"} {
		sc, err := scenario.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way := path.Way{Delay: 40 * time.Millisecond, Jitter: 5 * time.Millisecond, MTU: 1300, Rate: 1 << 20}
			wantAll(t, play(t, sc, scenario.Config{Sides: sc.Sides[0], Path: *path.Both(7, way)}))
		})
	}
}

// Names are unique, and every text is there in both languages.
func TestTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, sc := range scenario.All() {
		if seen[sc.Name] {
			t.Errorf("two scenarios %s", sc.Name)
		}
		seen[sc.Name] = true
		for _, text := range []bilingual.Text{sc.Title, sc.About} {
			if text.En == "" || text.Zh == "" || len(text.Zh) == len([]rune(text.Zh)) {
				t.Errorf("%s: %+v", sc.Name, text)
			}
		}
	}
}

// Sides that are left open are the scenario's own; those that it is not played with are an error that says which are.
func TestChoose(t *testing.T) {
	sc, err := scenario.Find("experimental-option")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		client, server scenario.Side
		want           scenario.Sides
	}{
		{"", "", scenario.Sides{Client: scenario.Ours, Server: scenario.Kernel}},
		{"", scenario.Ours, scenario.Sides{Client: scenario.Ours, Server: scenario.Ours}},
		{scenario.Kernel, "", scenario.Sides{Client: scenario.Kernel, Server: scenario.Ours}},
	} {
		if got, err := sc.Choose(c.client, c.server); got != c.want || err != nil {
			t.Errorf("%q, %q: got %v, %v, want %v", c.client, c.server, got, err, c.want)
		}
	}
	_, err = sc.Choose(scenario.Kernel, scenario.Kernel)
	if err == nil || !strings.Contains(err.Error(), "--client kernel --server ours") {
		t.Errorf("got %v", err)
	}
	if _, err := scenario.Find("nothing"); err == nil || !strings.Contains(err.Error(), "first-and-second") {
		t.Errorf("got %v", err)
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
		} else if !e.Note.IsZero() {
			fmt.Fprintln(&told, e.Note.En)
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

// What the flood takes is measured while it is there: a server without a limit has accepted all of it. How much data is not read
// at that moment is another matter.
func TestFloodIsMeasured(t *testing.T) {
	sc, err := scenario.Find("stolen-cookie-flood")
	if err != nil {
		t.Fatal(err)
	}
	height := regexp.MustCompile(`At its height .* had (\d+) .* and [0-9.]+ KiB for their data`)
	for _, server := range bothStacks {
		t.Run(string(server), func(t *testing.T) {
			t.Parallel()
			p := play(t, sc, scenario.Config{Sides: scenario.Sides{Client: scenario.Ours, Server: server}, Path: sc.Way()})
			if m := height.FindStringSubmatch(p.told); m == nil || len(m[1]) < len("100") {
				t.Errorf("got %q, want a hundred connections or more:\n%s", m, p.told)
			}
		})
	}
}

// docs/lab.md has a line for every scenario, in their order.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(b)
	for _, sc := range scenario.All() {
		var ok bool
		if _, rest, ok = strings.Cut(rest, "\n| `"+sc.Name+"` | "); !ok {
			t.Errorf("no line for %s, or not in its place", sc.Name)
		}
	}
}
