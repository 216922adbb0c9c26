package handshake_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const rulesFile = "docs/protocol.md"

var (
	ruleRow     = regexp.MustCompile(`(?m)^\| ([TLCD]-\d{2,3}) \| (.*) \|$`)
	ruleID      = regexp.MustCompile(`\b[TLCD]-\d{2,3}\b`)
	ruleReason  = regexp.MustCompile(`^(no|not yet|no test|no script): .`)
	noTest      = regexp.MustCompile(`^(no|not yet|no test): .`)
	lineComment = regexp.MustCompile(`//.*`)
	testFunc    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
)

// The list of rules names only what there is, and has every rule that a test
// cites.
func TestRules(t *testing.T) {
	t.Chdir("..")
	tests, cited := testsOfRepo(t)
	scripts := scriptsOfRepo(t, cited)
	var listed []string
	for _, row := range ruleRow.FindAllStringSubmatch(readSource(t, rulesFile), -1) {
		id, cells := row[1], strings.Split(row[2], " | ")
		if slices.Contains(listed, id) {
			t.Errorf("%s: %s is there twice", rulesFile, id)
		}
		listed = append(listed, id)
		if len(cells) != 5 {
			t.Fatalf("%s: %s has %d columns behind the id, want section, level, rule, where, tests", rulesFile, id, len(cells))
		}
		where, shown := strings.Split(cells[3], "; "), cells[4] != "—"
		if !shown && !slices.ContainsFunc(where, noTest.MatchString) {
			t.Errorf("%s: %s has no test, and its column \"where\" says neither no:, not yet: nor no test:", rulesFile, id)
		}
		for _, place := range where {
			if err := checkPlace(t, place); err != nil {
				t.Errorf("%s: %s: %v", rulesFile, id, err)
			}
		}
		for name := range strings.SplitSeq(cells[4], ", ") {
			if shown && !tests[name] && !scripts.shows(name, id) {
				t.Errorf("%s: %s: there is no test %s, nor a script of this name whose comment on top cites the rule", rulesFile, id, name)
			}
		}
		if needsScript(id) && !scripts.shown[id] && !slices.ContainsFunc(where, noScript.MatchString) {
			t.Errorf("%s: %s has no script, and its column \"where\" does not say why: no script:", rulesFile, id)
		}
	}
	scripts.check(t)
	for id, files := range cited {
		if !slices.Contains(listed, id) {
			t.Errorf("%s: %s is missing, and is cited in %s", rulesFile, id, strings.Join(files, ", "))
		}
	}
}

// checkPlace checks a reason, or "file: Name, Type.Method, Type.Field".
func checkPlace(t *testing.T, place string) error {
	if ruleReason.MatchString(place) {
		return nil
	}
	file, names, hasNames := strings.Cut(place, ": ")
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("there is no file %s, and it is no reason (no:, not yet:, no test:)", file)
	}
	for name := range strings.SplitSeq(names, ", ") {
		if hasNames && !declares(readSource(t, file), name) {
			return fmt.Errorf("%s does not declare %s", file, name)
		}
	}
	return nil
}

// declares reports whether Go source declares a name, on the top level or as a
// part of a type.
func declares(text, name string) bool {
	owner, part, isPart := strings.Cut(name, ".")
	pattern := fmt.Sprintf(`(?m)^(func|type|const|var) %[1]s\b|^\t%[1]s( +\w* *=| +//|$)`, owner)
	if isPart {
		pattern = fmt.Sprintf(`(?m)^func \(\w+ \*?%[1]s(\[.*\])?\) %[2]s\(|^type %[1]s struct \{\n([^}].*\n|\n)*?\t(\w+, )*%[2]s\b`, owner, part)
	}
	return regexp.MustCompile(pattern).MatchString(text)
}

// testsOfRepo returns the tests as "folder.TestName", and in which test files a
// rule is cited.
func testsOfRepo(t *testing.T) (tests map[string]bool, cited map[string][]string) {
	tests, cited = make(map[string]bool), make(map[string][]string)
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text := readSource(t, path)
		for _, f := range testFunc.FindAllStringSubmatch(text, -1) {
			tests[filepath.Base(filepath.Dir(path))+"."+f[1]] = true
		}
		for _, id := range ruleID.FindAllString(strings.Join(lineComment.FindAllString(text, -1), "\n"), -1) {
			cited[id] = append(cited[id], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests, cited
}

func readSource(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
