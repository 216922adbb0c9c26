package script

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says where a script is wrong and what was expected there.
type Error struct {
	File string
	Pos  Pos
	Line string // the line of the script that Pos is on
	Msg  string // what was expected, on one line
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%v: %s", e.File, e.Pos, e.Msg) }

// Caret returns two lines, that of the script and below it a mark under the
// wrong character with the message:
//
//	+0 > S. 0:5(6)
//	          ^ expected 6, ...
//
// Tabs and control characters of the script are shown as spaces.
func (e *Error) Caret() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, e.Line)
	return line + "\n" + strings.Repeat(" ", e.Pos.Column-1) + "^ " + e.Msg
}

// A positions turns offsets into lines and columns. It goes on from where it
// was asked last, so that asking in the order of the text is cheap.
type positions struct {
	src string
	at  int
	pos Pos
}

func (s *positions) find(offset int) Pos {
	if offset < s.at || s.pos.Line == 0 {
		s.at, s.pos = 0, Pos{1, 1}
	}
	for part := s.src[s.at:offset]; part != ""; {
		_, rest, found := strings.Cut(part, "\n")
		if !found {
			s.pos.Column += utf8.RuneCountInString(part)
			break
		}
		s.pos = Pos{s.pos.Line + 1, 1}
		part = rest
	}
	s.at = offset
	return s.pos
}

// lineAt returns the line that an offset is on.
func (s *positions) lineAt(offset int) string {
	start := strings.LastIndexByte(s.src[:offset], '\n') + 1
	line, _, _ := strings.Cut(s.src[start:], "\n")
	return line
}
