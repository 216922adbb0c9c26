package main

import (
	"fmt"
	"strings"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// The columns of a field: where its first byte stands in the frame, its bytes, and behind them what they mean.
const (
	rowBytes    = 8  // on a line
	rowBits     = 16 // on a line, of a field that does not begin or end with a byte
	bytesWidth  = 3*rowBytes - 1
	offsetWidth = 4
	fieldsWidth = 110 // of a line, unless the paper is narrower
	// narrowPaper is too narrow for columns: what bytes mean stands beneath them.
	narrowPaper = 72
)

// writeFields shows the bytes of a frame, field by field.
func (p *paper) writeFields(b *strings.Builder, data []byte, f *dissect.Frame) {
	next := 0      // group to be begun
	var open []int // ends of the groups that the field is in
	for i := range f.Fields {
		for len(open) > 0 && open[len(open)-1] <= i {
			open = open[:len(open)-1]
		}
		for ; next < len(f.Groups) && f.Groups[next].First <= i; next++ {
			p.writeGroup(b, &f.Groups[next])
			open = append(open, f.Groups[next].End)
		}
		p.writeField(b, data, &f.Fields[i], max(0, len(open)-1))
	}
}

// writeGroup is the heading of a header or an option.
func (p *paper) writeGroup(b *strings.Builder, g *dissect.Group) {
	indent := textIndent + 2*g.Depth
	if g.Summary == "" {
		b.WriteString(p.paragraph(indent, tintTitle, p.say(g.Name)))
		return
	}
	b.WriteString(p.paragraph(indent, tintTitle, p.say(g.Name)+": "+g.Summary))
}

// A fieldLine is a line of what is said of a field.
type fieldLine struct {
	tint tint
	text string
}

// writeField shows a field that is so deep in groups: what is said of it is indented as they are.
func (p *paper) writeField(b *strings.Builder, data []byte, f *dissect.Field, depth int) {
	rows := fieldRows(data, f)
	width := fieldsWidth
	if p.width > 0 {
		width = min(width, p.width)
	}
	left := strings.Repeat(" ", textIndent)
	if width < narrowPaper {
		for i, row := range rows {
			fmt.Fprintf(b, "%s%s  %s\n", left, p.in(tintMinor, fieldOffset(f, i)), p.in(tintBytes, row))
		}
		for _, l := range p.fieldLines(f, max(minText, width-textIndent-2)) {
			fmt.Fprintf(b, "%s  %s\n", left, p.in(l.tint, l.text))
		}
		return
	}
	inner := 2 * depth
	lines := p.fieldLines(f, width-textIndent-offsetWidth-bytesWidth-4-inner)
	for i := range max(len(rows), len(lines)) {
		offset, row := strings.Repeat(" ", offsetWidth), ""
		if i < len(rows) {
			offset, row = fieldOffset(f, i), rows[i]
		}
		line := left + p.in(tintMinor, offset) + "  " + p.in(tintBytes, row)
		if i < len(lines) {
			line += strings.Repeat(" ", bytesWidth-len(row)+2+inner) + p.in(lines[i].tint, lines[i].text)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// fieldOffset is where a row of a field begins in the frame, in bytes.
func fieldOffset(f *dissect.Field, row int) string {
	if wholeBytes(f) {
		return fmt.Sprintf("%*d", offsetWidth, f.Offset/8+row*rowBytes)
	}
	return fmt.Sprintf("%*d", offsetWidth, f.Offset/8+row*rowBits/8)
}

func wholeBytes(f *dissect.Field) bool { return f.Offset%8 == 0 && f.Width%8 == 0 }

// fieldRows are the bytes of a field in hex, or, if it does not begin and end with a byte, its bits with
// dots for those of its neighbours.
func fieldRows(data []byte, f *dissect.Field) (rows []string) {
	bytes := data[f.Offset/8 : (f.Offset+f.Width+7)/8]
	if wholeBytes(f) {
		for ; len(bytes) > 0; bytes = bytes[min(len(bytes), rowBytes):] {
			rows = append(rows, spacedHex(bytes[:min(len(bytes), rowBytes)]))
		}
		return rows
	}
	var row strings.Builder
	for i := range 8 * len(bytes) {
		switch {
		case i%rowBits == 0 && i > 0:
			rows = append(rows, row.String())
			row.Reset()
		case i%4 == 0 && i > 0:
			row.WriteByte(' ')
		}
		switch {
		case i < f.Offset%8 || i >= f.Offset%8+f.Width:
			row.WriteByte('.')
		default:
			row.WriteByte('0' + bytes[i/8]>>(7-i%8)&1)
		}
	}
	return append(rows, row.String())
}

// spacedHex is % x of package fmt, which would be most of the time that long data takes.
func spacedHex(bytes []byte) string {
	const digits = "0123456789abcdef"
	row := make([]byte, 0, bytesWidth)
	for i, c := range bytes {
		if i > 0 {
			row = append(row, ' ')
		}
		row = append(row, digits[c>>4], digits[c&15])
	}
	return string(row)
}

// fieldLines are what a field is called, says, and is for, and why it is so.
func (p *paper) fieldLines(f *dissect.Field, width int) (lines []fieldLine) {
	add := func(t tint, text string) {
		for _, line := range wrap(text, width) {
			lines = append(lines, fieldLine{t, line})
		}
	}
	title := p.say(f.Name)
	if !longHex(f) && f.Value != "" {
		title += ": " + f.Value
	}
	if !f.Unit.IsZero() {
		title += " " + p.say(f.Unit)
	}
	heading := tintTitle
	if f.Bad {
		heading = tintBad
		title += " " + p.say(bilingual.T("(wrong)", "（有误）"))
	}
	add(heading, title)
	meaning := p.say(f.Meaning)
	if f.Section != "" {
		meaning += " [" + f.Section + "]"
	}
	if meaning != "" {
		add(tintPlain, strings.TrimLeft(meaning, " "))
	}
	if !f.Reason.IsZero() {
		add(tintReason, p.say(bilingual.T("Here: ", "此处："))+p.say(f.Reason))
	}
	return lines
}

// longHex reports whether the value of a field only repeats its bytes, and is long.
func longHex(f *dissect.Field) bool {
	return f.Width > 2*8*rowBytes && strings.Trim(f.Value, "0123456789abcdef…") == ""
}
