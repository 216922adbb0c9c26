package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A tokenKind says what a token is.
type tokenKind uint8

const (
	endToken     tokenKind = iota
	newlineToken           // the end of a logical line
	nameToken              // names and keywords
	literalToken           // numbers and strings
	opToken                // operators and brackets
)

// A token is a piece of the code.
type token struct {
	kind       tokenKind
	text       string
	value      Value // of a literalToken
	start, end int
}

// A lexer cuts code into tokens.
type lexer struct {
	code   string
	at     int
	depth  int // of brackets, within which a line break means nothing
	tokens []token
	err    error
}

func tokenize(code string) ([]token, error) {
	l := lexer{code: code, tokens: make([]token, 0, 2+len(code)/3)}
	for l.err == nil && l.space() {
		l.next()
	}
	l.add(newlineToken, l.at)
	l.add(endToken, l.at)
	return l.tokens, l.err
}

// add adds the token that ends where the lexer is. Empty lines add nothing.
func (l *lexer) add(kind tokenKind, start int) {
	if kind == newlineToken && (len(l.tokens) == 0 || l.last().kind == newlineToken) {
		return
	}
	l.tokens = append(l.tokens, token{kind: kind, text: l.code[start:l.at], start: start, end: l.at})
}

func (l *lexer) last() *token { return &l.tokens[len(l.tokens)-1] }

func (l *lexer) fail(offset int, msg string) {
	if l.err == nil {
		l.err = &SyntaxError{posOf(l.code, offset), msg}
	}
}

func (l *lexer) unsupported(offset int, what string) {
	if l.err == nil {
		l.err = &UnsupportedError{posOf(l.code, offset), what}
	}
}

// space goes to the next token and reports whether there is one.
func (l *lexer) space() bool {
	for l.at < len(l.code) {
		rest := l.code[l.at:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\f' || c == '\r':
			l.at++
		case c == '\n':
			if l.depth == 0 {
				l.add(newlineToken, l.at)
			}
			l.at++
		case c == '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.at += end
			} else {
				l.at = len(l.code)
			}
		case strings.HasPrefix(rest, "\\\n"):
			l.at += 2
		case strings.HasPrefix(rest, "\\\r\n"):
			l.at += 3
		default:
			return true
		}
	}
	return false
}

func (l *lexer) next() {
	rest := l.code[l.at:]
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case isDigit(rest[0]), rest[0] == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.number()
	case rest[0] == '"' || rest[0] == '\'':
		l.str(false)
	case isLetter(r):
		l.name()
	default:
		l.operator()
	}
}

// name reads a name, or the prefix of a string.
func (l *lexer) name() {
	start := l.at
	for l.at < len(l.code) {
		r, size := utf8.DecodeRuneInString(l.code[l.at:])
		if !isLetter(r) && !unicode.IsDigit(r) {
			break
		}
		l.at += size
	}
	if l.at == len(l.code) || l.code[l.at] != '"' && l.code[l.at] != '\'' {
		l.add(nameToken, start)
		return
	}
	switch strings.ToLower(l.code[start:l.at]) {
	case "r":
		l.str(true)
	case "u":
		l.str(false)
	case "b", "br", "rb":
		l.unsupported(start, "a string of bytes")
	case "f", "fr", "rf":
		l.unsupported(start, "a formatted string")
	default:
		l.add(nameToken, start)
	}
}

// operators are the operators and other signs, longer ones first.
var operators = [...]string{
	"**=", "//=", "<<=", ">>=", "...",
	"**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->", ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
	"+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=",
}

func (l *lexer) operator() {
	start := l.at
	for _, op := range &operators {
		if !strings.HasPrefix(l.code[l.at:], op) {
			continue
		}
		switch op {
		case "(", "[", "{":
			l.depth++
		case ")", "]", "}":
			l.depth = max(0, l.depth-1)
		}
		l.at += len(op)
		l.add(opToken, start)
		return
	}
	l.fail(start, "expected a value, a name or an operator")
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= utf8.RuneSelf && r != utf8.RuneError && unicode.IsLetter(r)
}
