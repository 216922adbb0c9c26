package drill_test

import (
	"os"
	"path/filepath"
	"testing"

	"tfocraft/handshake/drill"
)

// BenchmarkScripts reads and plays the project's own scripts, one after the other.
func BenchmarkScripts(b *testing.B) {
	const dir = "../testdata/drill"
	var names []string
	var texts [][]byte
	for _, folder := range []string{"client", "server", "tcp"} {
		for _, file := range scriptsBelow(b, filepath.Join(dir, folder)) {
			text, err := os.ReadFile(filepath.Join(dir, folder, file))
			if err != nil {
				b.Fatal(err)
			}
			names, texts = append(names, file), append(texts, text)
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		s, err := drill.Read(names[n%len(names)], texts[n%len(names)], drill.Config{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if r := drill.Run(s, drill.Config{}); r.Verdict != drill.Pass {
			b.Fatal(r)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "scripts/s")
}
