package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"tfocraft/wire/follow"
)

// segmentLine is a segment for people: when, which way, what and why.
func segmentLine(line *follow.Line, way string) string {
	return fmt.Sprintf("%s  %s  %s  // %s\n", moment(line.At), way, line.Text, line.Reason)
}

// briefWidth is how wide a segment without options is, so that reasons line up.
const briefWidth = 28

// briefLine is the same with the options that matter to Fast Open.
func briefLine(line *follow.Line, way string) string {
	return fmt.Sprintf("%s  %s  %-*s  // %s\n", moment(line.At), way, briefWidth, brief(line.Text), line.Reason)
}

func moment(at time.Duration) string {
	return fmt.Sprintf("%8.3f ms", float64(at.Microseconds())/1000)
}

// brief leaves timestamps and padding out of a segment's text.
func brief(text string) string {
	head, options, ok := strings.Cut(strings.TrimSuffix(text, ">"), " <")
	if !ok {
		return text
	}
	var kept []string
	for option := range strings.SplitSeq(options, ",") {
		if option != "nop" && option != "eol" && !strings.HasPrefix(option, "TS ") {
			kept = append(kept, option)
		}
	}
	if len(kept) == 0 {
		return head
	}
	return head + " <" + strings.Join(kept, ",") + ">"
}

// fold puts words on indented lines of a width.
func fold(words []string, width int) string {
	var s strings.Builder
	column := 0
	for _, word := range words {
		switch {
		case column == 0:
			s.WriteString(" ")
			column = 1
		case column+1+len(word) > width:
			s.WriteString("\n ")
			column = 1
		}
		s.WriteString(" " + word)
		column += 1 + len(word)
	}
	return s.String()
}

func printTable(w io.Writer, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	return tw.Flush()
}
