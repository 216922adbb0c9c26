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
func TestScripts(t *testing.T) {
	for _, file := range scriptsBelow(t, ownScripts) {
		for _, family := range families {
			t.Run(file+"/"+family, func(t *testing.T) {
				t.Parallel()
				r := playFile(t, filepath.Join(ownScripts, file), family)
				if r == nil {
					return
				}
				if r.Verdict != drill.Pass {
					t.Errorf("%v", r)
				}
				for _, note := range r.Notes {
					name, isSetting := strings.CutSuffix(strings.TrimPrefix(note, "setting "), " makes no difference here")
					if !isSetting || !slices.Contains(harmless, name) {
						t.Errorf("%s: %s", r.Script, note)
					}
				}
			})
		}
	}
}

// harmless are settings that a kernel needs to be told, and that are always so here.
// Any other that makes no difference is a mistake.
var harmless = []string{
	"net.ipv4.tcp_base_mss", "net.ipv4.tcp_early_retrans", "net.ipv4.tcp_mtu_probing", "net.ipv4.tcp_rfc1337",
	"net.ipv4.tcp_slow_start_after_idle", "/proc/sys/net/ipv4/tcp_rmem",
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
