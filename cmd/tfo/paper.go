package main

import (
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// A paper is what text for people is printed on.
type paper struct {
	w     io.Writer
	width int // columns; 0 if lines may have any length
	color bool
}

// paperFlags choose how text looks.
type paperFlags struct {
	color string
}

func (p *paperFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.color, "color", "auto", "use colours: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never")
	choices(cmd, "color", "auto", "always", "never")
}

// open looks at what w is.
func (p *paperFlags) open(w io.Writer) (*paper, error) {
	made := &paper{w: w, width: columns(w)}
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
)

// in returns text in a tint.
func (p *paper) in(t tint, text string) string {
	if !p.color || len(t) == 0 || text == "" {
		return text
	}
	c := color.New(t...)
	c.EnableColor()
	return c.Sprint(text)
}

// wrap breaks text into lines of so many columns, where its script allows it or, in a
// word that is longer, anywhere. A width of 0 leaves it on one line.
func wrap(text string, width int) (lines []string) {
	if width <= 0 || uniseg.StringWidth(text) <= width {
		return []string{text}
	}
	line, state := "", -1
	for len(text) > 0 {
		var piece string
		piece, text, _, state = uniseg.FirstLineSegmentInString(text, state)
		if line != "" && uniseg.StringWidth(line)+uniseg.StringWidth(strings.TrimRight(piece, " ")) > width {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		for uniseg.StringWidth(strings.TrimRight(piece, " ")) > width {
			var head string
			head, piece = cutColumns(piece, width)
			lines = append(lines, head)
		}
		line += piece
	}
	if line = strings.TrimRight(line, " "); line != "" {
		lines = append(lines, line)
	}
	return lines
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
