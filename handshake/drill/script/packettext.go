package script

import "unicode/utf8"

// A packetText is the text of a segment as it is put together from tokens, with
// one blank for white space and comments, and with definitions replaced.
type packetText struct {
	dst   []byte
	marks []mark
}

// A mark says where in the source a piece of the text comes from.
type mark struct {
	text, source int
	replaced     bool // the piece is the value of the symbol there
}

func (t *packetText) reset() { t.dst, t.marks = t.dst[:0], t.marks[:0] }

func (t *packetText) blank() { t.dst = append(t.dst, ' ') }

func (t *packetText) add(s string, source int, replaced bool) {
	if n := len(t.marks); !replaced && n > 0 && !t.marks[n-1].replaced && source-t.marks[n-1].source == len(t.dst)-t.marks[n-1].text {
		t.dst = append(t.dst, s...) // it goes on as in the source
		return
	}
	t.marks = append(t.marks, mark{len(t.dst), source, replaced})
	t.dst = append(t.dst, s...)
}

// source returns where in the source a character of the text comes from.
func (t *packetText) source(character int) int {
	text := 0
	for range character {
		_, size := utf8.DecodeRune(t.dst[text:])
		text += size
	}
	source := 0
	for i, m := range t.marks {
		if m.text > text {
			break
		}
		source = m.source
		if m.replaced {
			continue
		}
		end := len(t.dst)
		if i+1 < len(t.marks) {
			end = t.marks[i+1].text
		}
		source += min(text, end) - m.text
	}
	return source
}

// glue adds the token that comes next to the text, and goes on.
func (p *parser) glue() {
	if p.stopped() {
		return
	}
	p.text.add(p.str(), p.tok.start, false)
	p.advance()
}

// copy is glue with a blank before it if something stands between the token and
// the one before.
func (p *parser) copy() {
	if !p.adjacent() && len(p.text.dst) > 0 && p.text.dst[len(p.text.dst)-1] != ' ' {
		p.text.blank()
	}
	p.glue()
}

// copyWord is copy that replaces a symbol which is defined. The words of the
// language are not symbols.
func (p *parser) copyWord() {
	value, ok := p.defs.value(p.str())
	if !ok || languageWord(p.str()) || p.stopped() {
		p.copy()
		return
	}
	if !p.adjacent() {
		p.text.blank()
	}
	p.text.add(value, p.tok.start, true)
	p.advance()
}

func languageWord(s string) bool {
	switch s {
	case "ack", "win", "urg", "eol", "nop", "mss", "wscale", "sackOK", "sack", "TS", "val", "ecr", "md5", "FO", "FOEXP", "kind", "raw":
		return true
	}
	return false
}
