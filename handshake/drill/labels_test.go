package drill

import "testing"

// A label of the script stays with one of the host's, and another one needs another.
func TestLabels(t *testing.T) {
	var l labels
	for i, test := range []struct {
		script, live uint32
		want         bool
	}{
		{1, 0, false}, // none was taken
		{0, 0, true},
		{1, 77, true},
		{1, 78, false},
		{1, 77, true},
		{0, 99, true},
		{2, 77, false},
		{2, 78, true},
		{2, 77, false},
		{1, 77, true},
	} {
		if got := l.fits(test.script, test.live); got != test.want {
			t.Errorf("%d: script %d, host %d: got %v, want %v", i, test.script, test.live, got, test.want)
		}
	}
}
