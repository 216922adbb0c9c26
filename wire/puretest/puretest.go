// Package puretest lets a package that promises to be pure check itself: no
// sockets, files, goroutines, logging or clock. Only tests import it.
package puretest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Rules say what the source files of a package may use.
type Rules struct {
	// Imports are the paths that may be imported, each under its own name.
	Imports []string
	// Only has, for a path of which not everything is pure, the names that may
	// be used of it.
	Only map[string][]string
}

// impure are the names that reach outside in packages that are pure otherwise.
var impure = map[string][]string{
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
	"time": {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
}

// Check reports an error for each place in the package under test, test files
// left out, that breaks the rules, starts a goroutine, reads the clock, prints,
// or runs at initialization.
func Check(t testing.TB, rules Rules) {
	t.Helper()
	complaints, err := check(".", rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}

func check(dir string, rules Rules) (complaints []string, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if len(names) == 0 {
		return nil, fmt.Errorf("no source files in %s", dir)
	}
	fset := token.NewFileSet()
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c := checker{rules: rules, fset: fset, paths: make(map[string]string)}
		c.imports(file)
		ast.Inspect(file, c.node)
		complaints = append(complaints, c.complaints...)
	}
	return complaints, nil
}

// A checker goes through one file.
type checker struct {
	rules      Rules
	fset       *token.FileSet
	paths      map[string]string // import path by the name that it is used under
	complaints []string
}

func (c *checker) complain(n ast.Node, format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf("%v: %s", c.fset.Position(n.Pos()), fmt.Sprintf(format, args...)))
}

func (c *checker) imports(file *ast.File) {
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil || !slices.Contains(c.rules.Imports, path):
			c.complain(spec, "imports %s", spec.Path.Value)
		case spec.Name != nil:
			c.complain(spec, "imports %s under another name", spec.Path.Value)
		}
		c.paths[path[strings.LastIndexByte(path, '/')+1:]] = path
	}
}

func (c *checker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		c.complain(n, "starts a goroutine")
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			c.complain(n, "has an init function")
		}
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			c.use(n, c.paths[x.Name], n.Sel.Name)
		}
	}
	return true
}

func (c *checker) use(n ast.Node, path, name string) {
	only, limited := c.rules.Only[path]
	if slices.Contains(impure[path], name) || limited && !slices.Contains(only, name) {
		c.complain(n, "uses %s.%s", path, name)
	}
}
