package story

import (
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// label is a segment in a few words: its flags that tell most, then what it carries.
func label(s *wire.Segment) bilingual.Text {
	words := []bilingual.Text{kind(s.Flags)}
	if fo := s.Options.FastOpen(); fo.Request() {
		words = append(words, bilingual.T("cookie request", "请求 cookie"))
	} else if fo.Present {
		words = append(words, bilingual.T("cookie", "cookie"))
	}
	if n := len(s.Payload); n > 0 {
		words = append(words, bytesOf(n))
	}
	var all bilingual.Text
	for i, w := range words {
		if i > 0 {
			all.En, all.Zh = all.En+", ", all.Zh+"，"
		}
		all.En, all.Zh = all.En+w.En, all.Zh+w.Zh
	}
	return all
}

// kind names the flags that open, close or break a connection; ACK only where there is nothing else.
func kind(f wire.Flags) bilingual.Text {
	var names []string
	for _, flag := range []struct {
		bit  wire.Flags
		name string
	}{{wire.SYN, "SYN"}, {wire.FIN, "FIN"}, {wire.RST, "RST"}} {
		if f.Has(flag.bit) {
			names = append(names, flag.name)
		}
	}
	if f.Has(wire.ACK) && (len(names) == 0 || f.Has(wire.SYN)) {
		names = append(names, "ACK")
	}
	if len(names) == 0 {
		names = []string{"no flags"}
	}
	name := strings.Join(names, "-")
	return bilingual.T(name, name)
}

// ordinary are label and reason of a frame that is not TCP: what its innermost header says.
func ordinary(d *dissect.Frame) (label, reason bilingual.Text) {
	for _, g := range d.Groups {
		if g.Depth == 0 {
			id, _, _ := strings.Cut(g.ID, ".")
			label = bilingual.T(strings.ToUpper(id), strings.ToUpper(id))
			reason = bilingual.T(g.Name.En+": "+g.Summary, g.Name.Zh+"："+g.Summary)
		}
	}
	if label.IsZero() {
		label = bilingual.T("frame", "帧")
	}
	return label, reason
}
