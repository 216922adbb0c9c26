package drill

import (
	"slices"
	"strings"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// mismatch says what was expected and what came, and marks the field that
// differs.
func (p *player) mismatch(e *script.Packet, got *sentPacket, w *window, field string) error {
	s := got.p.TCP
	text := p.told(got.flow, &s)
	expected := "expected " + p.when(w) + " > " + e.Text
	came := "got      " + seconds(got.at) + " > " + text
	mark := markField(came, field)
	message := fieldNames[field] + " differs"
	if p.far != nil && refuses(e, &s) {
		message = "the host refuses the connection: nothing listens there"
	}
	return &failure{verdict: Fail, message: message, detail: []string{expected, came, mark}}
}

// fieldNames are how fields are called in messages.
var fieldNames = map[string]string{
	"flags": "the flags field", "seq": "the sequence number", "length": "the payload's length", "ack": "the acknowledgement number",
	"win": "the window", "urg": "the urgent pointer", "options": "the list of options", "ports": "a port", "time": "the time",
	"ecn": "the ECN field", "tos": "the TOS field", "ttl": "the TTL", "flowlabel": "the flow label",
}

// told is the text form of a segment of the host under test with the script's
// numbers.
func (p *player) told(f *flow, s *wire.Segment) string {
	copied := *s
	copied.Options = slices.Clone(s.Options)
	rewriteStamps(copied.Options, func(t wire.Timestamps) wire.Timestamps {
		return wire.Timestamps{Val: f.stamps.told(t.Val), Ecr: t.Ecr}
	})
	syn := s.Flags.Has(wire.SYN)
	return string(wire.AppendText(nil, &copied, wire.TextBase{SeqBase: f.ours.live(0, syn), AckBase: f.theirs.live(0, syn)}))
}

// when writes a window.
func (p *player) when(w *window) string {
	switch {
	case w.any:
		return "any time"
	case w.from != w.to:
		return seconds(w.from) + "~" + seconds(w.to)
	}
	return seconds(w.from)
}

// markField returns a line with a mark below a field of the line of a packet.
func markField(line, field string) string {
	start, end := fieldAt(line, field)
	return strings.Repeat(" ", start) + strings.Repeat("^", max(end-start, 1))
}

// fieldAt finds a field in "got      0.000000 > S. 0:0(0) ack 1 win 5 <...>".
func fieldAt(line, field string) (start, end int) {
	words := fields(line)
	arrow := slices.IndexFunc(words, func(w span) bool { return line[w.start:w.end] == ">" })
	after := func(name string) (int, int) {
		for i := arrow; i < len(words)-1; i++ {
			if line[words[i].start:words[i].end] == name {
				return words[i].start, words[i+1].end
			}
		}
		return words[arrow].start, words[arrow].end
	}
	switch field {
	case "time":
		return words[1].start, words[1].end
	case "flags":
		return words[arrow+1].start, words[arrow+1].end
	case "seq", "length":
		return words[arrow+2].start, words[arrow+2].end
	case "ack", "win", "urg":
		return after(field)
	case "options":
		if i := strings.IndexByte(line, '<'); i >= 0 {
			return i, len(line)
		}
		return len(line), len(line) + 1
	}
	return words[arrow].start, words[arrow].end
}

type span struct{ start, end int }

// fields are the words of a line, with their places.
func fields(line string) (words []span) {
	at := 0
	for word := range strings.FieldsSeq(line) {
		start := at + strings.Index(line[at:], word)
		at = start + len(word)
		words = append(words, span{start, at})
	}
	return words
}
