package script

import (
	"strings"
	"unicode/utf8"
)

// A tokenKind says what a token is.
type tokenKind uint8

const (
	endToken       tokenKind = iota // the end of the script, or where reading stopped
	wordToken                       // letters, digits and _, not all of them digits
	intToken                        // digits, with a minus sign or without
	hexToken                        // 0x and digits
	floatToken                      // digits, if any, a point and digits
	stringToken                     // "...", with the quotes
	backquoteToken                  // `...`, with the quotes
	codeToken                       // %{ ... }%, with the brackets
	optionToken                     // --name
	ellipsisToken                   // ...
	signToken                       // any other character
)

// A token is a piece of the source.
type token struct {
	kind       tokenKind
	first      bool // it is the first of its line
	start, end int
}

// A lexer cuts a source into tokens. at is the byte that it has come to.
type lexer struct {
	src string
	at  int
	// problem says what is missing to what began at problemAt; it is set with an
	// endToken that is returned before the end.
	problem   string
	problemAt int
}

// next returns the next token, after white space and comments.
func (l *lexer) next() token {
	first, ok := l.space()
	t := token{first: first, start: l.at, end: l.at}
	if !ok || l.at == len(l.src) {
		return t
	}
	rest := l.src[l.at:]
	switch c := rest[0]; {
	case isDigit(c), c == '.' && digitAt(rest, 1):
		t.kind = l.number(rest)
	case isWord(c):
		t.kind = wordToken
		l.at += wordLen(rest)
	case c == '-' && (digitAt(rest, 1) || len(rest) > 2 && rest[1] == '.' && digitAt(rest, 2)):
		t.kind = l.negative(rest)
	case c == '"':
		t.kind = l.quoted(stringToken, c, `expected a closing " for the string that begins here`)
	case c == '`':
		t.kind = l.quoted(backquoteToken, c, "expected a closing ` for the command that begins here")
	case strings.HasPrefix(rest, "%{"):
		t.kind = l.code(rest)
	case strings.HasPrefix(rest, "--") && len(rest) > 2 && isWord(rest[2]):
		t.kind = optionToken
		l.at += 2 + wordLen(rest[2:])
	case strings.HasPrefix(rest, "..."):
		t.kind = ellipsisToken
		l.at += 3
	default:
		t.kind = signToken
		_, size := utf8.DecodeRuneInString(rest)
		l.at += size
	}
	t.end = l.at
	return t
}

// number reads what begins with a digit or a point, which may be a word too, such
// as the cookie 3021b9d8.
func (l *lexer) number(rest string) tokenKind {
	digits := digitsLen(rest)
	if length := wordLen(rest); length > digits {
		l.at += length
		if isHex(rest[:length]) {
			return hexToken
		}
		return wordToken
	}
	l.at += digits
	if digits < len(rest) && rest[digits] == '.' && digitAt(rest, digits+1) {
		l.at += 1 + digitsLen(rest[digits+1:])
		return floatToken
	}
	return intToken
}

// negative reads a minus sign and the number behind it.
func (l *lexer) negative(rest string) tokenKind {
	l.at++
	digits := digitsLen(rest[1:])
	l.at += digits
	if 1+digits < len(rest) && rest[1+digits] == '.' && digitAt(rest, digits+2) {
		l.at += 1 + digitsLen(rest[digits+2:])
		return floatToken
	}
	return intToken
}

// quoted reads up to the closing quote. A backslash takes the character behind
// it along.
func (l *lexer) quoted(kind tokenKind, quote byte, problem string) tokenKind {
	for i := l.at + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			i++
		case quote:
			l.at = i + 1
			return kind
		}
	}
	return l.stop(problem)
}

func (l *lexer) code(rest string) tokenKind {
	end := strings.Index(rest, "}%")
	if end < 0 {
		return l.stop("expected a closing }% for the code that begins here")
	}
	l.at += end + 2
	return codeToken
}

// space goes to the next token. It reports whether a new line began and, as ok,
// that no comment is open.
func (l *lexer) space() (newLine, ok bool) {
	newLine = l.at == 0
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == '\n':
			newLine = true
			l.at++
		case isSpace(c):
			l.at++
		case c != '/':
			return newLine, true
		case strings.HasPrefix(l.src[l.at:], "//"):
			end := strings.IndexByte(l.src[l.at:], '\n')
			if end < 0 {
				end = len(l.src) - l.at
			}
			l.at += end
		case strings.HasPrefix(l.src[l.at:], "/*"):
			end := strings.Index(l.src[l.at+2:], "*/")
			if end < 0 {
				l.stop("expected a closing */ for the comment that begins here")
				return newLine, false
			}
			newLine = newLine || strings.Contains(l.src[l.at:l.at+2+end], "\n")
			l.at += end + 4
		default:
			return newLine, true
		}
	}
	return newLine, true
}

// stop ends the tokens at something that has no end.
func (l *lexer) stop(problem string) tokenKind {
	l.problem, l.problemAt = problem, l.at
	return endToken
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func digitAt(s string, i int) bool { return i < len(s) && isDigit(s[i]) }

func digitsLen(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func wordLen(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}

func isHex(s string) bool {
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
