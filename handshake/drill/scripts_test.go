package drill_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/drill"
)

// ownScripts are the project's, by the side that is tested; those in the folder
// freebsd are for that profile.
const ownScripts = "../testdata/drill"

// The project's scripts pass, each in every family that it is for.
func TestScripts(t *testing.T) { eachPasses(t, ownScripts) }

// eachPasses plays the scripts below a folder, each in every family that it is for. They
// have to pass, and to ask for nothing that makes no difference.
func eachPasses(t *testing.T, dir string) {
	t.Helper()
	for _, file := range scriptsBelow(t, dir) {
		for _, family := range families {
			t.Run(file+"/"+family, func(t *testing.T) {
				t.Parallel()
				r := playFile(t, filepath.Join(dir, file), family)
				if r == nil {
					return
				}
				if r.Verdict != drill.Pass {
					t.Errorf("%v", r)
				}
				if len(r.Notes)+len(r.Unknown) > 0 {
					t.Errorf("%v: it asks for what makes no difference: %q", r, r.Notes)
				}
			})
		}
	}
}

var families = []string{"ipv4", "ipv6"}

// playFile plays a script. It returns nil if the script is for the other family.
func playFile(t *testing.T, file, family string) *drill.Result {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config := drill.Config{IPv6: family == "ipv6", Tolerance: 4 * time.Millisecond}
	if slices.Contains(strings.Split(filepath.ToSlash(file), "/"), "freebsd") {
		config.Profile = handshake.FreeBSD
	}
	s, err := drill.Read(file, text, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Options {
		if s.Options[i].Name == "ip_version" && s.Options[i].Value != family {
			return nil
		}
	}
	return drill.Run(s, config)
}

// scriptsBelow returns the scripts in a folder and those below it, sorted, as paths
// from there. There is at least one.
func scriptsBelow(t testing.TB, dir string) (files []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".pkt" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("there is no script below %s", dir)
	}
	return files
}
