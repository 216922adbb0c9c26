package dissect_test

import (
	"regexp"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

var links = []wire.LinkType{
	wire.LinkEthernet, wire.LinkNull, wire.LinkLoop, wire.LinkRaw, wire.LinkRawBSD, wire.LinkSLL, wire.LinkSLL2,
	wire.LinkIPv4, wire.LinkIPv6, 9999,
}

// spaced is what Chinese is not.
var spaced = regexp.MustCompile(`\p{Han} +\p{Han}`)

// checkFrame reports an error for everything that a frame promises and does not keep.
func checkFrame(t testing.TB, f *dissect.Frame, data []byte) {
	t.Helper()
	ids := make(map[string]bool)
	at := 0
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Offset != at || field.Width <= 0 {
			t.Fatalf("field %s is at %d with %d bits, the one before it ends at %d", field.ID, field.Offset, field.Width, at)
		}
		at += field.Width
		if ids[field.ID] || field.ID == "" {
			t.Errorf("the ID %q is there twice, or empty", field.ID)
		}
		ids[field.ID] = true
		for what, text := range map[string]bilingual.Text{"name": field.Name, "meaning": field.Meaning} {
			if text.En == "" || text.Zh == "" {
				t.Errorf("%s has no %s in one of the languages: %+v", field.ID, what, text)
			}
		}
		for _, text := range []string{field.Name.Zh, field.Meaning.Zh, field.Reason.Zh} {
			if spaced.MatchString(text) {
				t.Errorf("%s has a space between Chinese characters: %s", field.ID, text)
			}
		}
		if (field.Reason.En == "") != (field.Reason.Zh == "") {
			t.Errorf("%s has a reason in one language only: %+v", field.ID, field.Reason)
		}
	}
	if at != 8*len(data) {
		t.Fatalf("the fields have %d bits, the frame %d", at, 8*len(data))
	}
	checkGroups(t, f, ids)
}

func checkGroups(t testing.TB, f *dissect.Frame, ids map[string]bool) {
	t.Helper()
	var open []dissect.Group
	first := 0
	for _, g := range f.Groups {
		for len(open) > 0 && open[len(open)-1].End <= g.First {
			open = open[:len(open)-1]
		}
		if g.First < first || g.First >= g.End || g.End > len(f.Fields) {
			t.Errorf("group %s is [%d:%d) of %d fields, the one before it begins at %d", g.ID, g.First, g.End, len(f.Fields), first)
		}
		if g.Depth != len(open) || len(open) > 0 && g.End > open[len(open)-1].End {
			t.Errorf("group %s [%d:%d) of depth %d is not within what is open: %v", g.ID, g.First, g.End, g.Depth, open)
		}
		if ids[g.ID] || g.ID == "" || g.Name.En == "" || g.Name.Zh == "" {
			t.Errorf("the ID %q is there twice, or something of the name %v is empty", g.ID, g.Name)
		}
		ids[g.ID] = true
		first = g.First
		open = append(open, g)
	}
}

// TestTiles cuts every frame at every byte, and has each of its bytes wrong once.
func TestTiles(t *testing.T) {
	for _, frame := range corpus(t) {
		for n := range len(frame.data) + 1 {
			f := dissect.Dissect(frame.data[:n], frame.link)
			checkFrame(t, &f, frame.data[:n])
		}
		for i := range frame.data {
			wrong := append([]byte(nil), frame.data...)
			wrong[i] ^= 0xff
			f := dissect.Dissect(wrong, frame.link)
			checkFrame(t, &f, wrong)
		}
		if t.Failed() {
			t.Fatalf("with %s: %x", frame.name, frame.data)
		}
	}
}

func FuzzDissect(f *testing.F) {
	for _, frame := range corpus(f) {
		f.Add(frame.data, uint16(frame.link))
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16) {
		if len(data) > 1<<16 {
			return
		}
		frame := dissect.Dissect(data, wire.LinkType(link))
		checkFrame(t, &frame, data)
		for _, link := range links {
			frame := dissect.Dissect(data, link)
			checkFrame(t, &frame, data)
		}
	})
}
