package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// Flow labels of the script stand for those of the host: the same one as long as that
// stays. IPv4 has none.
func TestFlowLabel(t *testing.T) {
	const pair = `
+0 write(4, ..., 5) = 5
+0 > [flowlabel 0x123] P. 1:6(5) ack 1
+0 < . 1:1(0) ack 6 win 65535
+0 write(4, ..., 5) = 5
`
	for text, want := range map[string]drill.Verdict{
		pair + "+0 > [flowlabel 0x123] P. 6:11(5) ack 1": drill.Pass,
		pair + "+0 > P. 6:11(5) ack 1":                   drill.Pass,
		pair + "+0 > [flowlabel 0] P. 6:11(5) ack 1":     drill.Pass,
		pair + "+0 > [flowlabel 0x124] P. 6:11(5) ack 1": drill.Fail,
	} {
		if r := play(t, drill.Config{IPv6: true}, opened+text); r.Verdict != want || want == drill.Fail && r.Message != "the flow label differs" {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
		if r := play(t, drill.Config{}, opened+text); r.Verdict != drill.Pass {
			t.Errorf("%s: IPv4: got %v", text, r)
		}
	}
}
