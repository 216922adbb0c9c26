package cookie

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

// pureImports are the packages that the non-test files may import: nothing that reaches outside the process. Of log/slog
// only the value type is used, for redaction.
var pureImports = []string{
	"cmp", "container/list", "crypto/aes", "crypto/cipher", "crypto/subtle", "encoding/binary", "encoding/hex", "errors",
	"fmt", "github.com/dchest/siphash", "io", "iter", "log/slog", "net/netip", "slices", "strconv", "strings", "sync",
	"sync/atomic", "time",
}

var impureNames = map[string][]string{
	"time": {"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"},
}

var slogNames = []string{"Value", "StringValue"}

func TestPurity(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		checkPure(t, fset, f)
		checked++
	}
	if checked == 0 {
		t.Fatal("no files to check")
	}
}

func checkPure(t *testing.T, fset *token.FileSet, f *ast.File) {
	t.Helper()
	for _, imp := range f.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil || !slices.Contains(pureImports, path) || imp.Name != nil {
			t.Errorf("%v: got import %s, want one of the pure ones under its own name", fset.Position(imp.Pos()), imp.Path.Value)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%v: got a goroutine, want none", fset.Position(n.Pos()))
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			if slices.Contains(impureNames[pkg.Name], n.Sel.Name) || pkg.Name == "slog" && !slices.Contains(slogNames, n.Sel.Name) {
				t.Errorf("%v: got %s.%s, want no clock and no logging", fset.Position(n.Pos()), pkg.Name, n.Sel.Name)
			}
		}
		return true
	})
}
