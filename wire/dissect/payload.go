package dissect

import (
	"strconv"
	"unicode/utf8"

	"tfocraft/wire/bilingual"
)

// maxExcerpt is how many bytes of a payload its meaning shows as text.
const maxExcerpt = 48

// payload takes n bytes that are not dissected further.
func (b *builder) payload(n int, what bilingual.Text) {
	b.content(n, leaf{"data", "", say("Data", "数据"), ""}, what)
}

// content takes n bytes of somebody's data, none if there are none.
func (b *builder) content(n int, l leaf, what bilingual.Text) {
	if n <= 0 {
		return
	}
	bytes, f := b.bytes(n, l)
	f.Meaning = say("$1: $2, $3.", "$1：$2，$3。", bytesOf(len(bytes)), what, excerpt(bytes))
}

// excerpt shows the beginning of a payload: quoted as Go does if most of it can be read, so that nothing in it reaches a terminal as a
// control character.
func excerpt(bytes []byte) bilingual.Text {
	head := bytes[:min(len(bytes), maxExcerpt)]
	more := ""
	if len(head) < len(bytes) {
		more = "…"
		head = head[:wholeRunes(head)]
	}
	if !readable(head) {
		return say("not text", "不是文本")
	}
	quoted := strconv.QuoteToGraphic(string(head)) + more
	return bilingual.T(quoted, quoted)
}

// wholeRunes returns the length of head without a character that is cut at its end.
func wholeRunes(head []byte) int {
	for back := 1; back <= min(3, len(head)); back++ {
		if at := len(head) - back; utf8.RuneStart(head[at]) {
			if !utf8.FullRune(head[at:]) {
				return at
			}
			break
		}
	}
	return len(head)
}

// readable reports whether most of the bytes are text.
func readable(bytes []byte) bool {
	strange := 0
	for _, r := range string(bytes) {
		if r == utf8.RuneError || !strconv.IsPrint(r) && r != '\r' && r != '\n' && r != '\t' {
			strange++
		}
	}
	return len(bytes) > 0 && 4*strange <= len(bytes)
}
