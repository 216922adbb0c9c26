// Package lessons has no code of its own: it tests that the lessons beside it are as they say. See README.md.
package lessons

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A lesson is one Markdown file.
type lesson struct {
	file  string
	lines []string
	steps []step
}

// A step is a block of commands, and the block behind it with what they print.
type step struct {
	line     int    // of the commands, counted from 1
	commands string // a shell script
	output   string // empty if the commands print nothing
	varies   bool   // the output is not quite the same each time: see likeness
	// from and to are the lines of the output within the lesson's, as slices count; from is 0 without output.
	from, to int
}

// A fenced block of Markdown.
type fenced struct {
	info     string // what stands behind the opening fence
	from, to int    // its lines, as slices count
}

// readLessons reads all lessons, in their order.
func readLessons(t *testing.T) []*lesson {
	t.Helper()
	files, err := filepath.Glob("[0-9][0-9]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []*lesson
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseLesson(file, string(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// parseLesson finds the commands of a lesson and their outputs. Blocks of any other kind are an error: what looks
// like a command or an output is one, and is checked.
func parseLesson(file, text string) (*lesson, error) {
	l := &lesson{file: file, lines: strings.Split(text, "\n")}
	blocks, err := l.blocks()
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		content := strings.Join(l.lines[b.from:b.to], "\n")
		switch b.info {
		case "sh":
			l.steps = append(l.steps, step{line: b.from + 1, commands: content})
		case "text", "text varies":
			if len(l.steps) == 0 || l.steps[len(l.steps)-1].from != 0 {
				return nil, fmt.Errorf("%s:%d: an output without commands", file, b.from)
			}
			last := &l.steps[len(l.steps)-1]
			last.output, last.varies = content, b.info == "text varies"
			last.from, last.to = b.from, b.to
		default:
			return nil, fmt.Errorf("%s:%d: a block of the kind %q; lessons have sh, text and text varies", file, b.from, b.info)
		}
	}
	return l, nil
}

// blocks finds the fenced blocks of a lesson.
func (l *lesson) blocks() (all []fenced, err error) {
	open := -1
	for i, line := range l.lines {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open < 0:
			open = i + 1
			all = append(all, fenced{info: info, from: open})
		case fence:
			all[len(all)-1].to = i
			open = -1
		}
	}
	if open >= 0 {
		return nil, fmt.Errorf("%s:%d: a block that does not end", l.file, open)
	}
	return all, nil
}

// withOutputs is the text of the lesson with these outputs in the place of its own, one for each step.
func (l *lesson) withOutputs(outputs []string) string {
	lines := slices.Clone(l.lines)
	// From the end, so that the places of earlier ones stay.
	for i, s := range slices.Backward(l.steps) {
		if s.from != 0 {
			lines = slices.Replace(lines, s.from, s.to, strings.Split(outputs[i], "\n")...)
		}
	}
	return strings.Join(lines, "\n")
}

var needs = regexp.MustCompile(`(?m)^Needs: (.*)\.$`)

// programs are those that the lesson needs besides tfo and what every Linux system has.
func (l *lesson) programs() []string {
	var names []string
	if m := needs.FindStringSubmatch(strings.Join(l.lines, "\n")); m != nil {
		for name := range strings.SplitSeq(m[1], ", ") {
			names = append(names, strings.Trim(name, "`"))
		}
	}
	return names
}

// title is the heading of the lesson, without the mark in front.
func (l *lesson) title() string { return strings.TrimPrefix(l.lines[0], "# ") }

// number is the lesson's, as its file has it.
func (l *lesson) number() string { return strings.TrimPrefix(l.file[:2], "0") }
