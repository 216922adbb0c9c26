package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/scenario"
)

// An ordinary user can play a scenario with middleboxes, several servers or a flood, and see what root sees.
func TestLabScenariosOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || e2eInUserNamespace() {
		t.Skip("needs CAP_SETUID to become uid 65534")
	}
	for _, args := range [][]string{
		{"farm-shared-key", "--client", "kernel"}, {"stolen-cookie-flood", "--server", "kernel", "-6"}, {"article"},
		{"first-and-second", "--rtt", "30ms", "--middlebox", "rewrite-isn,clamp-mss=1200", "--mtu", "1300"},
	} {
		t.Run(args[0], func(t *testing.T) {
			p := e2eAsNobody(t, e2eCommand(append([]string{"lab", "--json"}, args...)...))
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			r := p.wait()
			if r.code == exitMissing && strings.Contains(r.stderr, "the kernel forbids it") {
				t.Skipf("needs user namespaces: %s", r.stderr)
			}
			if ok, not := labChecks(t, r.want(t, exitDone)); ok == 0 || not > 0 {
				t.Errorf("%d checks hold, %d do not: %v", ok, not, r)
			}
		})
	}
}

// labChecks counts the checks in a tfo lab --json.
func labChecks(t *testing.T, r e2eRun) (ok, not int) {
	t.Helper()
	for line := range strings.Lines(r.stdout) {
		var check struct {
			Type string
			OK   bool
		}
		if err := json.Unmarshal([]byte(line), &check); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case check.Type != "check":
		case check.OK:
			ok++
		default:
			not++
		}
	}
	return ok, not
}

// What was expected and not seen fails the command, which has said so.
func TestLabNotSeen(t *testing.T) {
	t.Parallel()
	e2eNewLab(t, lab.Config{}) // skips where there can be none
	r := e2eTfo(t, nil, "lab", "option-stripped", "--middlebox", "").want(t, exitFailed)
	if !strings.Contains(r.stdout, "  NOT SEEN  connection 1: Fast Open fallback (cookie-received: ") || r.stderr != "" {
		t.Errorf("got %v", r)
	}
	r = e2eTfo(t, nil, "lab", "option-stripped", "--middlebox", "", "--json").want(t, exitFailed)
	if _, not := labChecks(t, r); not == 0 {
		t.Errorf("got %v", r)
	}
}

// The page tells the same story; where it cannot be written, that is the last thing that is said.
func TestLabPage(t *testing.T) {
	t.Parallel()
	e2eNewLab(t, lab.Config{}) // skips where there can be none
	file := filepath.Join(t.ArtifactDir(), "lab.html")
	e2eTfo(t, nil, "lab", "syn-data-dropped", "--html", file, "--rtt", "10ms").want(t, exitDone)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tfo lab syn-data-dropped --rtt=10ms --html lab.html", "dropped by drop-syn-data", "被 drop-syn-data 丢弃"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q in the page", want)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "missing", "lab.html")
	r := e2eTfo(t, nil, "lab", "--html", nowhere).want(t, exitFailed)
	if !strings.Contains(r.stdout, "Expected, and seen:") || strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "tfo: --html: ") {
		t.Errorf("got %v", r)
	}
	if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The list names every scenario and can be read by programs.
func TestLabList(t *testing.T) {
	r := e2eTfo(t, nil, "lab", "--list").want(t, exitDone)
	names := []string{"saves"}
	for _, sc := range scenario.All() {
		names = append(names, sc.Name)
	}
	for _, name := range names {
		if !strings.Contains(r.stdout, "\n"+name+" ") {
			t.Errorf("no %s in:\n%s", name, r.stdout)
		}
	}
	counts := make(map[string]int)
	r = e2eTfo(t, nil, "lab", "--list", "--json").want(t, exitDone)
	for line := range strings.Lines(r.stdout) {
		var entry struct {
			Type, Name string
			Sides      [][2]string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Name == "" || entry.Type == "scenario" && len(entry.Sides) == 0 {
			t.Errorf("%v: %s", err, line)
		}
		counts[entry.Type]++
	}
	if counts["scenario"] != len(scenario.All()) || counts["middlebox"] == 0 || counts["measurement"] != 1 || len(counts) != 3 {
		t.Errorf("got %v", counts)
	}
}

func TestBadLab(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"lab nothing", `no scenario "nothing": there are first-and-second, `},
		{"lab experimental-option --client kernel --server kernel", "scenario experimental-option is played with --client ours --server kernel, "},
		{"lab syn-ack-data --server kernel", "scenario syn-ack-data is played with --client ours --server ours, "},
		{"lab --client linux", `"linux" is neither ours nor kernel`},
		{"lab --middlebox wall", `middlebox "wall" is none of `},
		{"lab --loss 2", `--loss: "2" is no share`},
		{"lab --rtt -1s", "--rtt: -1s is less than nothing"},
		{"lab one two", "one SCENARIO is wanted"},
	} {
		r := e2eTfo(t, nil, strings.Fields(c.args)...).want(t, exitUsage)
		if r.stdout != "" || !strings.Contains(r.stderr, c.want) {
			t.Errorf("want %q: %v", c.want, r)
		}
	}
}
