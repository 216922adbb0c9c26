package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tfocraft/wire/bilingual"
)

// A paper is what text for people is printed on.
type paper struct {
	w     io.Writer
	width int // columns; 0 if lines may have any length
	color bool
	lang  string // en or zh
}

// paperFlags choose how text looks.
type paperFlags struct {
	color, lang string
}

func (p *paperFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.color, "color", "auto", "use colours: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never")
	cmd.Flags().StringVar(&p.lang, "lang", "", "`LANGUAGE` of what is said: en or zh; without it as LC_ALL, LC_MESSAGES or LANG say, but JSON is in English")
	choices(cmd, "color", "auto", "always", "never")
	choices(cmd, "lang", langEn, langZh)
}

// open looks at what w is.
func (p *paperFlags) open(w io.Writer) (*paper, error) {
	made := &paper{w: w, width: columns(w), lang: p.lang}
	switch p.lang {
	case "":
		made.lang = userLang()
	case langEn, langZh:
	default:
		return nil, usagef("--lang: %q is neither en nor zh", p.lang)
	}
	switch p.color {
	case "always":
		made.color = true
	case "auto":
		// https://no-color.org
		made.color = isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	case "never":
	default:
		return nil, usagef("--color: %q is none of auto, always and never", p.color)
	}
	return made, nil
}

// The languages.
const (
	langEn = "en"
	langZh = "zh"
)

// userLang is the language that the user has chosen for all programs (POSIX, Base Definitions, Section 8.2).
func userLang() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return langZh
			}
			break
		}
	}
	return langEn
}

// say returns a text in the language of the paper.
func (p *paper) say(t bilingual.Text) string {
	if p.lang == langZh {
		return t.Zh
	}
	return t.En
}

// isTerminal reports whether a reader or a writer is one.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns is how wide a terminal is; 0 for what is none.
func columns(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// A tint is a colour that says what something is.
type tint []color.Attribute

// The tints: readable on dark and on light terminals.
var (
	tintPlain  = tint(nil)
	tintMinor  = tint{color.Faint}
	tintBytes  = tint{color.FgCyan}
	tintTitle  = tint{color.Bold}
	tintReason = tint{color.FgGreen}
	tintBad    = tint{color.FgRed, color.Bold}
)

// in returns text in a tint.
func (p *paper) in(t tint, text string) string {
	if !p.color || len(t) == 0 || strings.TrimSpace(text) == "" {
		return text
	}
	c := color.New(t...)
	c.EnableColor()
	return c.Sprint(text)
}

// wrap breaks text into lines of so many columns, where its script allows it or, in a
// word that is longer, anywhere. A width of 0 leaves it on one line.
func wrap(text string, width int) (lines []string) {
	if width <= 0 || len(text) <= width || textWidth(text) <= width {
		return []string{text}
	}
	line, used, state := "", 0, -1
	for len(text) > 0 {
		var piece string
		piece, text, state = nextPiece(text, state)
		word := textWidth(strings.TrimRight(piece, " "))
		if line != "" && used+word > width {
			lines, line, used = append(lines, strings.TrimRight(line, " ")), "", 0
		}
		for word > width {
			var head string
			head, piece = cutColumns(piece, width)
			lines, word = append(lines, head), textWidth(strings.TrimRight(piece, " "))
		}
		line += piece
		used += textWidth(piece)
	}
	if line = strings.TrimRight(line, " "); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// nextPiece takes what must stay together off the beginning of text: up to a space, which is quick, or
// where Unicode says (UAX #14).
func nextPiece(text string, state int) (piece, rest string, next int) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			piece, rest, _, next = uniseg.FirstLineSegmentInString(text, state)
			return piece, rest, next
		}
		if text[i] == ' ' && (i+1 == len(text) || text[i+1] != ' ') {
			return text[:i+1], text[i+1:], -1
		}
	}
	return text, "", -1
}

// textWidth is how many columns text takes.
func textWidth(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}

// cutColumns cuts what fits a width off the beginning of text, at least one character.
func cutColumns(text string, width int) (head, rest string) {
	rest = text
	state, used := -1, 0
	for len(rest) > 0 {
		cluster, more, w, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width && head != "" {
			break
		}
		head, rest, state, used = head+cluster, more, next, used+w
	}
	return head, rest
}

// paragraph returns text on lines with an indent, wrapped to the paper, in a tint.
func (p *paper) paragraph(indent int, t tint, text string) string {
	width := 0
	if p.width > 0 {
		width = max(p.width-indent, minText)
	}
	var s strings.Builder
	for _, line := range wrap(text, width) {
		s.WriteString(strings.Repeat(" ", indent))
		s.WriteString(p.in(t, line))
		s.WriteByte('\n')
	}
	return s.String()
}

// minText is how narrow text becomes, however narrow the paper is, in columns.
const minText = 16
