package wire

import (
	"fmt"
	"strings"
)

// A TextError says where a segment text is wrong and what was expected there.
type TextError struct {
	Text   string // what was parsed
	Column int    // of the first wrong character, counted in characters from 1
	Msg    string // what was expected, on one line
}

func (e *TextError) Error() string {
	return fmt.Sprintf("wire: segment text, column %d: %s", e.Column, e.Msg)
}

// Caret returns two lines, the text and below it a mark under the wrong
// character with the message:
//
//	S 0:5(6) win 1000
//	    ^ expected 6, ...
//
// Line breaks and control characters of the text are shown as spaces.
func (e *TextError) Caret() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, e.Text)
	return line + "\n" + strings.Repeat(" ", e.Column-1) + "^ " + e.Msg
}
