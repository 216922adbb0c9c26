package script

import "strings"

// stringExpr reads strings, which are joined if there are several, and "..."
// behind them, which only says that there is more than is written.
func (p *parser) stringExpr() Expr {
	e := Expr{Pos: p.pos(), Kind: String}
	for p.is(stringToken) {
		raw := p.src[p.tok.start+1 : p.tok.end-1]
		if strings.IndexByte(raw, '\\') < 0 {
			e.Text += raw
		} else {
			e.Text += p.unescape(raw)
		}
		p.advance()
	}
	if p.is(ellipsisToken) {
		p.advance()
	}
	return e
}

// simpleEscapes are C's, of one character.
const (
	simpleEscapes = `abfnrtv\'"?`
	simpleMeaning = "\a\b\f\n\r\t\v\\'\"?"
)

// unescape resolves the escapes of C in the string that comes next.
func (p *parser) unescape(raw string) string {
	dst := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		b, length := escape(raw[i+1:])
		if length == 0 {
			p.failAt(p.tok.start+1+i, `expected an escape of C: \n, \", \0, \x1f, ...`)
			return ""
		}
		dst = append(dst, b)
		i += length
	}
	return string(dst)
}

// escape returns what stands after a backslash, and how long it is; 0 if it means
// nothing. Of hex digits there are two at most, so that a letter can follow.
func escape(s string) (b byte, length int) {
	if s == "" {
		return 0, 0
	}
	if i := strings.IndexByte(simpleEscapes, s[0]); i >= 0 {
		return simpleMeaning[i], 1
	}
	base, first, most := byte(8), 0, 3
	if s[0] == 'x' {
		base, first, most = 16, 1, 2
	}
	for length = first; length < len(s) && length < first+most; length++ {
		digit := digitOf(s[length])
		if digit >= base || b > 255/base {
			break
		}
		b = b*base + digit
	}
	if length == first {
		return 0, 0
	}
	return b, length
}

// digitOf returns the value of a hex digit, or 16.
func digitOf(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
