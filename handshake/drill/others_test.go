package drill_test

import (
	"os"
	"path/filepath"
	"testing"

	"tfocraft/handshake/drill"
)

// othersFail lists, for each family, the scripts of other projects that do not
// pass, and why.
var othersFail = map[string]map[string]string{
	"ipv6": {
		"packetdrill/client/syn-data-icmp-unreach-frag-needed.pkt": "it wants a path MTU of 800 to be believed, and IPv6 has none below 1280",
	},
}

// Scripts that other projects wrote to test their kernels pass, where they are at
// hand: in the folder $TFO_DRILL_SCRIPTS, or in shared/drill beside the repository.
func TestScriptsOfOthers(t *testing.T) {
	dir := os.Getenv("TFO_DRILL_SCRIPTS")
	if dir == "" {
		dir = "../../../shared/drill"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("there are no scripts of other projects: %v; TFO_DRILL_SCRIPTS names their folder", err)
	}
	files := scriptsBelow(t, dir)
	for _, family := range families {
		played, passed := 0, 0
		for _, file := range files {
			r := playFile(t, filepath.Join(dir, file), family)
			if r == nil {
				continue
			}
			played++
			why, fails := othersFail[family][file]
			switch {
			case r.Verdict == drill.Pass && fails:
				t.Errorf("%s, %s: passes, and should not: %s", family, file, why)
			case r.Verdict == drill.Pass:
				passed++
			case !fails:
				t.Errorf("%s: %v", family, r)
			}
		}
		t.Logf("%s: %d of %d scripts of other projects pass", family, passed, played)
	}
}
