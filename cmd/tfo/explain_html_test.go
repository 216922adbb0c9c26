package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExplainHTML(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	want := tfo(t, "", "explain", kernelCapture).done(t)
	if got := tfo(t, "", "explain", kernelCapture, "--html", page).done(t); got != want {
		t.Errorf("with a page something else is printed:\n%s", got)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"a24e1d399638e060", "cookie and 5 bytes of data in the SYN", "tcp.options.fo"} {
		if !strings.Contains(string(html), words) {
			t.Errorf("no %q in the page", words)
		}
	}
	// What was explained is printed all the same.
	missing := filepath.Join(t.TempDir(), "missing", "page.html")
	got := tfo(t, "", "explain", kernelCapture, "--html", missing)
	got.failed(t, exitFailed, "--html: open "+missing, "no such file")
	if got.stdout != want || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
	// So is the page of a capture that is cut.
	whole, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	tfo(t, string(whole[:len(whole)-5]), "explain", "-", "--html", page).failed(t, exitFailed, "capture is cut short")
	if cut, err := os.ReadFile(page); err != nil || !strings.Contains(string(cut), "a24e1d399638e060") {
		t.Errorf("no page of what was whole: %v", err)
	}
}
