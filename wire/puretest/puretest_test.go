package puretest

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestCheck(t *testing.T) {
	rules := Rules{
		Imports: []string{"fmt", "log/slog", "strings", "time"},
		Only:    map[string][]string{"log/slog": {"StringValue", "Value"}},
	}
	impure := filepath.Join("testdata", "impure", "impure.go")
	for dir, want := range map[string][]string{
		"pure": nil,
		"impure": {
			impure + `:6:2: imports "os"`,
			impure + `:7:2: imports "strings" under another name`,
			impure + `:11:1: has an init function`,
			impure + `:11:15: uses fmt.Println`,
			impure + `:11:27: uses time.Now`,
			impure + `:14:2: starts a goroutine`,
			impure + `:15:2: uses log/slog.Info`,
		},
	} {
		got, err := check(filepath.Join("testdata", dir), rules)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", dir, got, want)
		}
	}
}

// A directory without files is a mistake of the test, not a pure package.
func TestCheckNothing(t *testing.T) {
	if _, err := check(t.TempDir(), Rules{}); err == nil {
		t.Error("no source files: no error")
	}
}
