package handshake_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scriptsDir is where the scripts are that the list of rules calls drill/....
const scriptsDir = "handshake/testdata/drill"

var (
	topComment = regexp.MustCompile(`^(//.*\n)*`)
	noScript   = regexp.MustCompile(`^no script: .`)
)

// needsScript reports whether packetdrill scripts show a rule, or the list says
// why packets cannot.
func needsScript(id string) bool { return strings.HasPrefix(id, "T-") || strings.HasPrefix(id, "C-") }

// ruleScripts are the packetdrill scripts, and what rules have said of them.
type ruleScripts struct {
	cites map[string][]string // drill/... -> the rules in the comment on top
	named map[string][]string // drill/... -> the rules that name it
	shown map[string]bool     // rules that name a script
}

// scriptsOfRepo reads the comments on top of the scripts, and adds the rules that
// they cite.
func scriptsOfRepo(t *testing.T, cited map[string][]string) *ruleScripts {
	t.Helper()
	s := &ruleScripts{make(map[string][]string), make(map[string][]string), make(map[string]bool)}
	err := filepath.WalkDir(scriptsDir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".pkt") {
			return err
		}
		ids := ruleID.FindAllString(topComment.FindString(readSource(t, path)), -1)
		rel, _ := filepath.Rel(filepath.Dir(scriptsDir), path)
		s.cites[filepath.ToSlash(rel)] = ids
		for _, id := range ids {
			cited[id] = append(cited[id], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.cites) == 0 {
		t.Errorf("there is no script below %s", scriptsDir)
	}
	return s
}

// shows takes what a rule names, and reports whether it is a script that cites the
// rule.
func (s *ruleScripts) shows(name, id string) bool {
	if !slices.Contains(s.cites[name], id) {
		return false
	}
	s.named[name], s.shown[id] = append(s.named[name], id), true
	return true
}

// check checks that every script cites a rule, and that the rules that scripts
// cite name them.
func (s *ruleScripts) check(t *testing.T) {
	t.Helper()
	for name, ids := range s.cites {
		if len(ids) == 0 {
			t.Errorf("%s: the comment on top cites no rule", name)
		}
		for _, id := range ids {
			if !slices.Contains(s.named[name], id) {
				t.Errorf("%s: %s does not name %s, which cites it", rulesFile, id, name)
			}
		}
	}
}
