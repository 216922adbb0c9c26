package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
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
		declared := regexp.MustCompile(`(?m)^func ` + b.top() + `\(`)
		if !slices.ContainsFunc(files, func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && declared.Match(text)
		}) {
			t.Errorf("%s has no %s", b.pkg, b.top())
		}
	}
}
