package expr

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal adds the token that began at start, with its value.
func (l *lexer) literal(start int, v Value) {
	l.add(literalToken, start)
	l.last().value = v
}

// number reads an integer or a float.
func (l *lexer) number() {
	start := l.at
	isFloat := l.digits()
	text := l.code[start:l.at]
	if l.at < len(l.code) {
		switch r, _ := utf8.DecodeRuneInString(l.code[l.at:]); {
		case r == 'j' || r == 'J':
			l.unsupported(start, "a complex number")
			return
		case isLetter(r):
			l.fail(l.at, "expected an operator after a number")
			return
		}
	}
	if strings.HasSuffix(text, "_") || strings.Contains(text, "__") || strings.Contains(text, "_.") || strings.Contains(text, "._") {
		l.fail(start, "expected a digit on both sides of each _")
		return
	}
	if isFloat {
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			l.fail(start, "expected a number")
			return
		}
		l.literal(start, Float(f)) // beyond the range it is infinite, in Python too
		return
	}
	l.integer(start, text)
}

// digits goes to the end of a number and reports whether it is a float.
func (l *lexer) digits() (isFloat bool) {
	rest := l.code[l.at:]
	if len(rest) > 1 && rest[0] == '0' && strings.IndexByte("xXoObB", rest[1]) >= 0 {
		l.at += 2
		for l.at < len(l.code) && isHexDigit(l.code[l.at]) {
			l.at++
		}
		return false
	}
	l.decimals()
	if l.at < len(l.code) && l.code[l.at] == '.' {
		isFloat = true
		l.at++
		l.decimals()
	}
	if rest = l.code[l.at:]; len(rest) > 1 && rest[0]|0x20 == 'e' {
		sign := 0
		if rest[1] == '+' || rest[1] == '-' {
			sign = 1
		}
		if len(rest) > 1+sign && isDigit(rest[1+sign]) {
			isFloat = true
			l.at += 1 + sign
			l.decimals()
		}
	}
	return isFloat
}

func (l *lexer) decimals() {
	for l.at < len(l.code) && (isDigit(l.code[l.at]) || l.code[l.at] == '_') {
		l.at++
	}
}

func (l *lexer) integer(start int, text string) {
	base := 0 // by the prefix
	if strings.IndexFunc(text, func(r rune) bool { return !isDigit(byte(r)) && r != '_' }) < 0 {
		base = 10
		text = strings.ReplaceAll(text, "_", "")
		if text[0] == '0' && strings.Trim(text, "0") != "" {
			l.fail(start, "expected 0o before an octal number")
			return
		}
	}
	n, err := strconv.ParseInt(text, base, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		l.unsupported(start, "an integer beyond 64 bits")
	case err != nil:
		l.fail(start, "expected the digits of a number")
	default:
		l.literal(start, Int(n))
	}
}

func isHexDigit(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' || c == '_'
}

// str reads a string; one that follows another is joined to it.
func (l *lexer) str(raw bool) {
	start := l.at
	quote := l.code[l.at]
	if strings.HasPrefix(l.code[l.at:], strings.Repeat(string(rune(quote)), 3)) {
		l.unsupported(start, "a string in three quotes")
		return
	}
	var text []byte
	for l.at++; ; {
		switch {
		case l.at == len(l.code) || l.code[l.at] == '\n':
			l.fail(start, "expected a closing quote for the string that begins here")
			return
		case l.code[l.at] == quote:
			l.at++
			l.addStr(start, string(text))
			return
		case l.code[l.at] != '\\' || l.at+1 == len(l.code):
			text = append(text, l.code[l.at])
			l.at++
		case raw:
			text = append(text, l.code[l.at:l.at+2]...)
			l.at += 2
		default:
			text = l.escape(text)
		}
	}
}

func (l *lexer) addStr(start int, text string) {
	if len(l.tokens) > 0 && l.last().kind == literalToken && l.last().value.kind == StrKind {
		l.last().value.str += text
		l.last().end = l.at
		return
	}
	l.literal(start, Str(text))
}

// escape reads a backslash and what belongs to it. Python leaves alone what means
// nothing.
func (l *lexer) escape(text []byte) []byte {
	start := l.at
	c := l.code[l.at+1]
	l.at += 2
	if i := strings.IndexByte("abfnrtv\\'\"\n", c); i >= 0 {
		return append(text, []string{"\a", "\b", "\f", "\n", "\r", "\t", "\v", "\\", "'", "\"", ""}[i]...)
	}
	switch c {
	case 'x':
		return l.codePoint(text, start, 2, 2, 16)
	case 'u':
		return l.codePoint(text, start, 4, 4, 16)
	case 'U':
		return l.codePoint(text, start, 8, 8, 16)
	case 'N':
		l.unsupported(start, "a character by its name")
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.at--
		return l.codePoint(text, start, 1, 3, 8)
	}
	return append(text, '\\', c)
}

// codePoint reads the digits of a character.
func (l *lexer) codePoint(text []byte, start, least, most, base int) []byte {
	end := l.at
	for end < len(l.code) && end < l.at+most && digitBelow(l.code[end], base) {
		end++
	}
	n, err := strconv.ParseUint(l.code[l.at:end], base, 32)
	if end-l.at < least || err != nil || n > utf8.MaxRune {
		l.fail(start, "expected an escape of Python with all of its digits")
		return text
	}
	l.at = end
	return utf8.AppendRune(text, rune(n))
}

func digitBelow(c byte, base int) bool {
	if base == 8 {
		return '0' <= c && c <= '7'
	}
	return isHexDigit(c) && c != '_'
}
