package follow_test

import (
	"slices"
	"testing"

	"tfocraft/wire/follow"
)

func TestTable(t *testing.T) {
	f := follow.New()
	for _, frame := range readFrames(t, "testdata/linux/kernel4.txt") {
		f.Frame(frame.at, &frame.packet)
	}
	got := follow.Table(f.Connections())
	want := [][]string{
		{"", "connection 1", "connection 2"},
		{"Fast Open", "cookie-received", "accepted"},
		{"because", "server granted a cookie", "SYN data acknowledged"},
		{"option in the SYN", "request", "cookie"},
		{"bytes of data in the SYN", "0", "13"},
		{"of these taken by the server", "0", "13"},
		{"round trips until the server has the request", "1.5", "0.5"},
		{"round trips until the client has the response", "2.0", "1.0"},
		{"segments until the client has the response", "5", "4"},
		{"time until the client has the response", "0.5 ms", "0.2 ms"},
		{"end", "closed in order", "closed in order"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for i, want := range []string{"", "unknown", "", "none (experimental)", "0", "0", "-", "-", "-", "-", "-"} {
		row := follow.Table([]follow.Connection{{SynOption: follow.OptionNone, SynExperimental: true}})[i]
		if got := row[1]; i > 0 && got != want {
			t.Errorf("nothing seen, row %q: got %q, want %q", row[0], got, want)
		}
	}
}
