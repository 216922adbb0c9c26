package follow_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

var update = flag.Bool("update", false, "write testdata/chinese.txt, to be read again")

// TestChinese compares what the stories and the captures have said with testdata/chinese.txt, which has the English with
// the Chinese beneath, and whether both name the same values.
func TestChinese(t *testing.T) {
	said := make(map[string]string)
	note := func(text bilingual.Text) {
		said[text.En] = text.Zh
		if got, want := values(text.Zh), values(text.En); !slices.Equal(got, want) {
			t.Errorf("%s: got values %q, want %q", text.Zh, got, want)
		}
		wiretest.WantChinese(t, text.Zh)
	}
	for _, frames := range allFrames(t) {
		f := follow.New()
		for _, frame := range frames {
			line := f.Frame(frame.at, &frame.packet)
			note(line.Reason)
		}
		for _, c := range f.Connections() {
			note(c.Why.Text())
			note(c.FastOpen.Text())
		}
	}
	if *update {
		var all strings.Builder
		for _, english := range slices.Sorted(maps.Keys(said)) {
			all.WriteString(english + "\n    " + said[english] + "\n")
		}
		if err := os.WriteFile("testdata/chinese.txt", []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile("testdata/chinese.txt")
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.SplitAfter(string(file), "\n")
	for _, english := range slices.Sorted(maps.Keys(said)) {
		for _, got := range []string{english + "\n", "    " + said[english] + "\n"} {
			if want := next(&wanted); got != want {
				t.Fatalf("got  %swant %s", got, want)
			}
		}
	}
	if left := strings.Join(wanted, ""); left != "" {
		t.Errorf("nobody has said: %s", left)
	}
}

var value = regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f]*`)

// values are the numbers and cookies in a text, sorted: languages differ in the order.
func values(text string) []string {
	all := value.FindAllString(text, -1)
	slices.Sort(all)
	return all
}

// allFrames returns the frames of all stories and captures.
func allFrames(t *testing.T) (all [][]frame) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing in testdata: %v", err)
	}
	for _, path := range paths {
		if filepath.Base(filepath.Dir(path)) == "story" {
			all = append(all, readStory(t, path).frames)
		} else {
			all = append(all, readFrames(t, path))
		}
	}
	return all
}
