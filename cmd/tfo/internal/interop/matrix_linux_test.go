package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// newOptions builds tfo for a test that runs cases, or skips it.
func newOptions(t *testing.T) options {
	t.Helper()
	if err := lab.Check(); err != nil {
		t.Skipf("needs network namespaces: %v", err)
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("needs tshark")
	}
	o := options{tfo: filepath.Join(t.TempDir(), "tfo"), pcap: t.ArtifactDir(), jobs: 2}
	if out, err := exec.Command("go", "build", "-o", o.tfo, "tfocraft/cmd/tfo").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return o
}

// runCases runs the rows of one case.
func runCases(t *testing.T, o options, c testCase) []row {
	t.Helper()
	if _, err := exec.LookPath(c.program); err != nil {
		t.Skipf("needs %s (package %s)", c.program, c.pkg)
	}
	rows, err := runMatrix(t.Context(), o, []testCase{c})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A compact part of the matrix; scripts/interop.sh runs all of it. curl and
// python as clients have tests of their own in cmd/tfo.
func TestCompactMatrix(t *testing.T) {
	compact := map[string]role{"kdig": client, "python": server, "nginx": server, "haproxy": server}
	o := newOptions(t)
	for _, c := range allCases() {
		if compact[c.name] != c.role {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			rows := runCases(t, o, c)
			for i := range rows {
				r := &rows[i]
				for _, s := range r.surprises() {
					t.Errorf("%s: %s\n%s", r.family(), s, r.text)
				}
			}
		})
	}
}

// A program that does not use Fast Open is found out, whatever it prints.
func TestPlainServerIsSeen(t *testing.T) {
	o := newOptions(t)
	c := testCase{
		name: "plain", role: server, program: "/usr/bin/python3", pkg: "python3",
		files:   map[string]string{"www/hello.txt": hello},
		daemons: []daemon{{onServer, []string{"/usr/bin/python3", "-m", "http.server", "--bind", "{IP}", "--directory", "{DIR}/www", "{PORT}"}, wirePort}},
		visit:   tfoConnect(requestHTTP, "--keep-open"),
		want:    contains(hello),
	}
	want := map[check]string{gotCookie: "no", dataTaken: "no", goodReply: "yes", closed: "yes", noRepeats: "yes"}
	for _, r := range runCases(t, o, c) {
		for _, check := range checks {
			if got := r.cell(check); got != want[check] {
				t.Errorf("%s, %s: got %s, want %s: %v %s\n%s", r.family(), check, got, want[check], r.err, r.verdicts[check].why, r.text)
			}
		}
	}
}
