package lessons

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// What is not the same in two runs of the same commands. Everything else is compared as it is.
var (
	variableTime = regexp.MustCompile(`\d+\.\d+ ?(ms|µs|s)\b`)
	blanks       = regexp.MustCompile(` +`)
	names        = []variable{
		// A cookie under a random key has eight bytes.
		{"cookie", regexp.MustCompile(`\b()([0-9a-f]{16})\b`)},
		// The client's port; servers of the lessons have ports below.
		{"port", regexp.MustCompile(`(192\.0\.2\.\d+:)([3-6]\d{4})\b`)},
		// A kernel's window scale goes by the memory of the machine.
		{"scale", regexp.MustCompile(`\b(wscale )(\d+)\b`)},
		// An initial sequence number as it is on the wire.
		{"number", regexp.MustCompile(`\b()(\d{8,10})\b`)},
	}
)

// A variable is a kind of value that a run or a machine chooses: the second group of the pattern.
type variable struct {
	kind    string
	pattern *regexp.Regexp
}

// likeness is what two runs of the same commands have in common. Times are left out, and with them how columns are
// aligned. Such values have names by the order in which they come, so that a value that is seen again in one run
// has to be seen again in the other: the cookie that a client shows is the one that it was granted.
func likeness(output string) string {
	output = variableTime.ReplaceAllString(output, "<time>")
	for _, v := range names {
		output = v.rename(output)
	}
	lines := strings.Split(output, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(blanks.ReplaceAllString(line, " "))
	}
	return strings.Join(lines, "\n")
}

// rename puts a name in the place of each value: <cookie 1> is the first one that is seen.
func (v variable) rename(text string) string {
	seen := map[string]string{}
	return v.pattern.ReplaceAllStringFunc(text, func(match string) string {
		part := v.pattern.FindStringSubmatch(match)
		if seen[part[2]] == "" {
			seen[part[2]] = fmt.Sprintf("<%s %d>", v.kind, len(seen)+1)
		}
		return part[1] + seen[part[2]]
	})
}

// differs says where an output is not as the lesson has it; it is empty if all is well.
func (s *step) differs(output string) string {
	want, got := s.output, output
	if s.varies {
		want, got = likeness(want), likeness(got)
	}
	if want == got {
		return ""
	}
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(wants), len(gots)) {
		switch {
		case i >= len(wants):
			return fmt.Sprintf("line %d is not in the lesson: %q", i+1, gots[i])
		case i >= len(gots):
			return fmt.Sprintf("line %d is only in the lesson: %q", i+1, wants[i])
		case wants[i] != gots[i]:
			return fmt.Sprintf("line %d is\n\t%q and in the lesson\n\t%q", i+1, gots[i], wants[i])
		}
	}
	return ""
}

func TestLikeness(t *testing.T) {
	const told = `
  20.334 ms  server > client  S. 0:0(0) ack 1 <wscale 7,FO 7a16d06d5934fb96>  // grants cookie 7a16d06d5934fb96
  92.391 ms  client > server  S 0:13(13) win 65535 <FO 7a16d06d5934fb96>
time   40.9 ms   20.3 ms
192.0.2.1:61004 > 192.0.2.2:8080 seq 2718281828`
	for name, test := range map[string]struct {
		old, new string
		alike    bool
	}{
		"the same":             {"", "", true},
		"another time":         {"20.334 ms", " 9.001 ms", true},
		"other alignment":      {"40.9 ms   20.3 ms", "1040.9 ms 20.3 ms", true},
		"another cookie":       {"7a16d06d5934fb96", "0011223344556677", true},
		"another port":         {"61004", "61005", true},
		"another number":       {"2718281828", "314159265", true},
		"another scale":        {"wscale 7", "wscale 10", true},
		"a cookie not granted": {"65535 <FO 7a16d06d5934fb96", "65535 <FO 0011223344556677", false},
		"no cookie":            {",FO 7a16d06d5934fb96>  //", ",FO>  //", false},
		"another flag":         {"S. 0:0", "R. 0:0", false},
		"another window":       {"65535", "65534", false},
		"data not taken":       {"ack 1 ", "ack 14 ", false},
		"another server":       {"8080", "8081", false},
		"a line more":          {"\ntime", "\n\ntime", false},
		"a line less":          {"\ntime   40.9 ms   20.3 ms", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := step{output: told, varies: true}
			got := s.differs(strings.ReplaceAll(told, test.old, test.new))
			if test.alike != (got == "") {
				t.Errorf("alike: %v, want %v: %s", got == "", test.alike, got)
			}
			exact := step{output: told}
			if test.old != test.new && exact.differs(strings.ReplaceAll(told, test.old, test.new)) == "" {
				t.Error("an output that does not vary was compared by likeness")
			}
		})
	}
}
