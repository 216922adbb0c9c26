package handshake

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

// pureImports are what the package may import: nothing that reaches outside the
// process.
var pureImports = []string{
	"encoding/binary", "errors", "net/netip", "slices", "time",
	"github.com/dchest/siphash", "tfocraft/cookie", "tfocraft/wire",
}

// clockNames are what package time must not be used for.
var clockNames = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}

// The package promises to be pure: no sockets, files, goroutines, logging or
// clock, and no state of its own.
func TestPurity(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		checked++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(pureImports, path) {
				t.Errorf("%s imports %q", name, path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			checkPure(t, name, n)
			return true
		})
	}
	if checked == 0 {
		t.Fatal("no source files found")
	}
}

func checkPure(t *testing.T, name string, n ast.Node) {
	t.Helper()
	switch n := n.(type) {
	case *ast.GoStmt:
		t.Errorf("%s starts a goroutine", name)
	case *ast.ChanType:
		t.Errorf("%s uses a channel", name)
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			t.Errorf("%s has an init function", name)
		}
	case *ast.SelectorExpr:
		if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clockNames, n.Sel.Name) {
			t.Errorf("%s uses time.%s", name, n.Sel.Name)
		}
	}
}
