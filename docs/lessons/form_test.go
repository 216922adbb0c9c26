package lessons

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// parts are the headings of every lesson, in their order.
var parts = []string{"## Try it", "## What you see", "## Why", "## Exercise"}

var (
	anRFC  = regexp.MustCompile(`RFC \d+, section \d`)
	answer = regexp.MustCompile(`(?s)\n<details>\n<summary>Answer</summary>\n\n.+\n\n</details>\n`)
)

// TestForm holds the lessons to their form: a number, a question, commands, what one sees, why, an exercise with its
// answer, and the way to the next one.
func TestForm(t *testing.T) {
	lessons := readLessons(t)
	if len(lessons) < 12 {
		t.Fatalf("%d lessons, want 12 at least", len(lessons))
	}
	for i, l := range lessons {
		text := strings.Join(l.lines, "\n")
		if want := fmt.Sprintf("# %d. ", i+1); !strings.HasPrefix(text, want) || l.number() != fmt.Sprint(i+1) {
			t.Errorf("%s begins with %q, want %q", l.file, l.lines[0], want)
		}
		if !strings.HasSuffix(l.title(), "?") {
			t.Errorf("%s: the title is no question: %s", l.file, l.title())
		}
		if len(l.steps) == 0 {
			t.Errorf("%s: no commands", l.file)
		}
		rest := text
		for _, part := range parts {
			_, after, ok := strings.Cut(rest, "\n"+part+"\n")
			if !ok {
				t.Fatalf("%s: no %q, or not in its place", l.file, part)
			}
			rest = after
		}
		_, why, _ := strings.Cut(text, "\n## Why\n")
		if why, _, _ = strings.Cut(why, "\n## "); !anRFC.MatchString(why) {
			t.Errorf("%s: no section of an RFC says why", l.file)
		}
		if !answer.MatchString(rest) {
			t.Errorf("%s: the exercise has no answer that is folded away", l.file)
		}
		if i+1 < len(lessons) {
			if next := fmt.Sprintf("\nNext: [%s](%s)\n", lessons[i+1].title(), lessons[i+1].file); !strings.HasSuffix(text, next) {
				t.Errorf("%s does not end with %q", l.file, next)
			}
		}
	}
}

// TestIndex wants every lesson in README.md, by its title, and with the programs that it needs.
func TestIndex(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range readLessons(t) {
		_, question, _ := strings.Cut(l.title(), ". ")
		row := fmt.Sprintf("\n| %s | [%s](%s) | ", l.number(), question, l.file)
		_, after, ok := strings.Cut(string(text), row)
		if !ok {
			t.Errorf("README.md has no line that begins with %q", row)
			continue
		}
		line, _, _ := strings.Cut(after, "\n")
		for _, program := range l.programs() {
			if !strings.Contains(line, program) {
				t.Errorf("README.md does not say that lesson %s needs %s: %s", l.number(), program, line)
			}
		}
	}
}
