package drill_test

import (
	"path/filepath"
	"testing"

	"tfocraft/handshake/drill"
)

// callScripts are about calls, and not about rules of TCP: each shows what Linux
// does in one corner of them.
const callScripts = "testdata/calls"

func TestCallScripts(t *testing.T) {
	for _, file := range scriptsBelow(t, callScripts) {
		for _, family := range families {
			if r := playFile(t, filepath.Join(callScripts, file), family); r != nil && r.Verdict != drill.Pass {
				t.Errorf("%s: %v", family, r)
			}
		}
	}
}
