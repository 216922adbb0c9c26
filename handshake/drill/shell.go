package drill

import (
	"iter"
	"slices"
	"strings"
)

// shellLines yields the commands of a text. A backslash at the end of a line joins
// the next one.
func shellLines(text string) iter.Seq[string] {
	text = strings.ReplaceAll(text, "\\\n", " ")
	text = strings.ReplaceAll(text, "&&", "\n")
	return strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == ';' })
}

// words are those of a command without redirections to where nobody looks.
func words(line string) (words []string) {
	all := shellWords(line)
	for i := 0; i < len(all); i++ {
		switch word := all[i]; {
		case strings.HasPrefix(word, "#"):
			return words
		case strings.HasSuffix(word, ">") && i+1 < len(all) && slices.Contains([]string{"/dev/null", "&1", "&2"}, all[i+1]):
			i++
		default:
			words = append(words, word)
		}
	}
	return words
}

// shellWords splits a line at blanks that no quotes enclose, and behind a >, which
// is a word with the descriptor in front of it, as in 2>. It takes the quotes off.
func shellWords(line string) (words []string) {
	var word []byte
	quote, begun := byte(0), false
	for i := range len(line) {
		switch c := line[i]; {
		case c == quote && quote != 0:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r'):
			if begun {
				words = append(words, string(word))
			}
			word, begun = word[:0], false
		case quote == 0 && c == '>':
			if d := string(word); begun && d != "1" && d != "2" && d != "&" {
				words, word = append(words, d), word[:0]
			}
			words = append(words, string(append(word, c)))
			word, begun = word[:0], false
		default:
			word, begun = append(word, c), true
		}
	}
	if begun {
		words = append(words, string(word))
	}
	return words
}

// operator returns a sign of the shell in a line that stands for something other than
// itself and is not understood here, or 0.
func operator(line string) byte {
	quote := byte(0)
	for i := range len(line) {
		switch c := line[i]; {
		case c == quote && quote != 0:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return 0
		case c == '&' && (i > 0 && line[i-1] == '>' || strings.HasPrefix(line[i+1:], ">")):
		case strings.IndexByte("|&<()", c) >= 0:
			return c
		}
	}
	return 0
}
