package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The endpoint says what it did, the follower what it saw: in the JSON of a
// connection both use the same words for the same things.
func TestVocabulary(t *testing.T) {
	ours := textConstants(t, "../../handshake")
	for name, seen := range textConstants(t, "../../wire/follow") {
		switch name {
		case "Unknown", "WhyNotSeen": // only who watches can have missed something
			continue
		}
		if got, ok := ours[name]; !ok || got != seen {
			t.Errorf("%s: package handshake says %q, package follow %q", name, got, seen)
		}
	}
}

// textConstants returns the exported constants of a package that are texts, less
// those that the JSON of a connection has nothing of.
func textConstants(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	constants := make(map[string]string)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				addTexts(constants, d)
			}
		}
	}
	if len(constants) == 0 {
		t.Fatalf("no constants in %s", dir)
	}
	return constants
}

func addTexts(constants map[string]string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		if kind, ok := s.Type.(*ast.Ident); ok && slices.Contains([]string{"State", "CookieVerdict"}, kind.Name) {
			continue
		}
		for i, value := range s.Values {
			lit, ok := value.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !s.Names[i].IsExported() {
				continue
			}
			if text, err := strconv.Unquote(lit.Value); err == nil {
				constants[s.Names[i].Name] = text
			}
		}
	}
}
