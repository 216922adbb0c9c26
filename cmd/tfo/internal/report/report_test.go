package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/report"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
)

func write(t *testing.T, s *story.Story) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A page of two connections stays below 1 MiB, and a frame more costs little, since what it says was mostly said before.
func TestSize(t *testing.T) {
	s := fixture(t)
	two := len(write(t, s))
	if two >= 1<<20 {
		t.Errorf("the page has %d bytes, want less than 1 MiB", two)
	}
	more := len(s.Frames)
	s.Frames = append(s.Frames, s.Frames...)
	if each := (len(write(t, s)) - two) / more; each > 5000 {
		t.Errorf("a frame more costs %d bytes, want 5000 or less", each)
	}
	t.Logf("%d bytes", two)
}

// The page needs nothing that is elsewhere: no address in it is one to load from.
func TestSelfContained(t *testing.T) {
	page := write(t, fixture(t))
	for _, loads := range []string{"src=", "@import", "url(http", "<link", "fetch(", "XMLHttpRequest", "innerHTML", "eval("} {
		body, data, ok := strings.Cut(page, `<script type="application/json"`)
		if !ok {
			t.Fatal("no data in the page")
		}
		_, script, _ := strings.Cut(data, "</script>")
		if strings.Contains(body+script, loads) {
			t.Errorf("the page has %q", loads)
		}
	}
}

// What a packet or a name says cannot end the element that it is in.
func TestEscaped(t *testing.T) {
	s := fixture(t)
	s.Title = bilingual.T(attack, attack)
	page := write(t, s)
	if strings.Contains(page, "<img") || strings.Count(page, "</script>") != 2 {
		t.Errorf("markup of a packet is markup of the page: %d scripts end", strings.Count(page, "</script>"))
	}
}

// A long payload is cut, and its length is told.
func TestLongPayload(t *testing.T) {
	s := fixture(t)
	before := len(write(t, s))
	f := &s.Frames[2]
	f.Bytes = append(f.Bytes, make([]byte, 1<<16)...)
	last := &f.Dissection.Fields[len(f.Dissection.Fields)-1]
	last.Value = strings.Repeat("00", 1<<16)
	if more := len(write(t, s)) - before; more > 4000 {
		t.Errorf("64 KiB of payload cost %d bytes of the page", more)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("broken")

func TestWriteError(t *testing.T) {
	if err := report.Write(brokenPipe{}, fixture(t)); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want %v", err, errBroken)
	}
}
