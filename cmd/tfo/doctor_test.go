package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tfocraft/wire/link"
)

// What the doctor finds depends on the machine; that every check has its line,
// with a cure or with a reason, does not. It makes no files.
func TestDoctor(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	var names []string
	works := map[string]bool{}
	got := tfo(t, "", "doctor", "--json")
	for line := range strings.Lines(got.stdout) {
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		var f finding
		if err := d.Decode(&f); err != nil || f.Check == "" || f.Detail == "" {
			t.Errorf("%v: %s", err, line)
		}
		names = append(names, f.Check)
		works[f.Check] = f.OK
	}
	var want []string
	for _, c := range checks {
		want = append(want, c.name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("checks %q, want %q", names, want)
	}
	code := exitDone
	if !works["lab"] && !works["raw sockets"] {
		code = exitMissing
	}
	if got.code != code || got.stderr != "" {
		t.Errorf("exit code %d, want %d: %s", got.code, code, got.stderr)
	}
	text := tfo(t, "", "doctor").stdout
	for _, name := range want {
		if !strings.Contains(text, name) {
			t.Errorf("no %q in:\n%s", name, text)
		}
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDoctorCache(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	if f := checkCache(t.Context()); !f.OK || !strings.Contains(f.Detail, "not there yet") {
		t.Errorf("without a cache: %+v", f)
	}
	file := filepath.Join(home, "tfocraft", "cookies.db")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := checkCache(t.Context()); f.OK || !strings.Contains(f.Detail, file) || f.Cure == "" {
		t.Errorf("with a damaged cache: %+v", f)
	}
}

func TestTrouble(t *testing.T) {
	if got, want := trouble(errors.New("wire: x"), "do y"), (finding{Detail: "x", Cure: "do y"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, cure, _ := strings.Cut(link.ErrPrivilege.Error(), ": ")
	if got, want := trouble(fmt.Errorf("link: open lo: %w", link.ErrPrivilege), "do y"), (finding{Detail: "open lo: needs CAP_NET_RAW", Cure: cure}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
