package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseBenchmark(t *testing.T) {
	const out = `goos: linux
BenchmarkMint/linux-aes-2         	12345	        90.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkMint/linux-2             	12345	        12.5 ns/op	 100 MB/s	       8 B/op	       1 allocs/op
BenchmarkGate                     	12345	        7 ns/op	       0 B/op	       0 allocs/op
BenchmarkPlain-2                  	12345	        7 ns/op
PASS
`
	for name, want := range map[string][]float64{
		"BenchmarkMint/linux": {12.5, 8, 1}, "BenchmarkMint/linux-aes": {90.5, 0, 0}, "BenchmarkGate": {7, 0, 0},
	} {
		if got, err := parseBenchmark(out, name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"BenchmarkMint", "BenchmarkNone", "BenchmarkPlain"} {
		if got, err := parseBenchmark(out, name); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

// The benchmarks that the script runs are there.
func TestBenchmarksExist(t *testing.T) {
	for _, b := range slices.Concat(craftBenchmarks(), microBenchmarks()) {
		files, err := filepath.Glob(filepath.Join("../../../..", b.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		top, _, _ := strings.Cut(b.name, "/")
		declared := regexp.MustCompile(`(?m)^func ` + top + `\(`)
		if !slices.ContainsFunc(files, func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && declared.Match(text)
		}) {
			t.Errorf("%s has no %s", b.pkg, top)
		}
	}
}

// Ours are part of the module: what does not compile, or is not there, is a failure, and says why.
func TestBenchmarkBroken(t *testing.T) {
	play := &traffic{root: t.TempDir(), duration: time.Millisecond}
	for name, text := range map[string]string{
		"go.mod":            "module broken\n\ngo 1.26\n",
		"wire/wire_test.go": "package wire\n\nvar _ = nowhere\n",
		"none/none_test.go": "package none\n",
	} {
		name = filepath.Join(play.root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for pkg, want := range map[string]string{"wire": "undefined: nowhere", "none": "no figures of BenchmarkX"} {
		values, err := goBenchmark{subject: "x", pkg: pkg, name: "BenchmarkX"}.measure(t.Context(), play)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want %s", pkg, values, err, want)
		}
	}
	for _, s := range []subject{craftSubject(), microSubject()} {
		for _, c := range s.contenders {
			if c.missing != nil {
				t.Errorf("%s, %s may be missing", s.name, c.name)
			}
		}
	}
}
