package dissect

import (
	"strconv"
	"strings"

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
	var room [512]byte
	out := room[:0]
	for {
		at := strings.IndexByte(format, '$')
		if at < 0 || at+1 == len(format) {
			return string(append(out, format...))
		}
		out = append(out, format[:at]...)
		if n := int(format[at+1]) - '1'; n >= 0 && n < len(values) {
			out = appendValue(out, values[n], zh)
		} else {
			out = append(out, format[at:at+2]...)
		}
		format = format[at+2:]
	}
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

// after puts a sentence behind another one; either may say nothing.
func after(first, second bilingual.Text) bilingual.Text {
	if first.IsZero() || second.IsZero() {
		return bilingual.Join(first, second)
	}
	return bilingual.T(first.En+" "+second.En, first.Zh+second.Zh)
}

// bytesOf returns "1 byte", "5 bytes".
func bytesOf(n int) bilingual.Text {
	if n == 1 {
		return say("1 byte", "1 字节")
	}
	return say("$1 bytes", "$1 字节", n)
}

// capital is for what begins a sentence.
func capital(t bilingual.Text) bilingual.Text {
	if t.En == "" {
		return t
	}
	return bilingual.T(strings.ToUpper(t.En[:1])+t.En[1:], t.Zh)
}
