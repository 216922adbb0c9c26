package dissect

import (
	"strconv"

	"tfocraft/wire/bilingual"
)

// say returns a statement with its values in the places $1 to $9 of both languages. A value is an int, an uint64, a string, or a Text,
// which stands in each language in its own. It is [bilingual.Format] without the cost of package fmt, which
// would be most of the time that a frame takes.
func say(en, zh string, values ...any) bilingual.Text {
	if len(values) == 0 {
		return bilingual.T(en, zh)
	}
	return bilingual.T(fill(en, values, false), fill(zh, values, true))
}

func fill(format string, values []any, zh bool) string {
	var room [384]byte
	out := room[:0]
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c == '$' && i+1 < len(format) {
			if n := int(format[i+1]) - '1'; n >= 0 && n < len(values) {
				out = appendValue(out, values[n], zh)
				i++
				continue
			}
		}
		out = append(out, c)
	}
	return string(out)
}

func appendValue(out []byte, value any, zh bool) []byte {
	switch v := value.(type) {
	case string:
		return append(out, v...)
	case int:
		return strconv.AppendInt(out, int64(v), 10)
	case uint64:
		return strconv.AppendUint(out, v, 10)
	case bilingual.Text:
		if zh {
			return append(out, v.Zh...)
		}
		return append(out, v.En...)
	}
	panic("dissect: say takes int, uint64, string and Text")
}

// bytesOf returns "1 byte", "5 bytes".
func bytesOf(n int) bilingual.Text {
	if n == 1 {
		return say("1 byte", "1 字节")
	}
	return say("$1 bytes", "$1 字节", n)
}
