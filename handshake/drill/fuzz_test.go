package drill_test

import (
	"os"
	"path/filepath"
	"testing"

	"tfocraft/handshake"
	"tfocraft/handshake/drill"
)

// Whatever a script says, playing it ends, with one of the three verdicts.
func FuzzRun(f *testing.F) {
	for _, folder := range []string{"client", "server", "tcp"} {
		dir := filepath.Join("../testdata/drill", folder)
		for _, file := range scriptsBelow(f, dir) {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, false, false)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, ipv6, freebsd bool) {
		c := drill.Config{IPv6: ipv6}
		if freebsd {
			c.Profile = handshake.FreeBSD
		}
		s, err := drill.Read("fuzz.pkt", text, c, nil)
		if err != nil {
			return
		}
		switch r := drill.Run(s, c); {
		case r.Verdict != drill.Pass && r.Message == "":
			t.Errorf("%s without a message", r.Verdict)
		case r.Verdict != drill.Pass && r.Verdict != drill.Fail && r.Verdict != drill.Unsupported:
			t.Errorf("verdict %q", r.Verdict)
		}
	})
}
