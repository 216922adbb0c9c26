package script_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tfocraft/handshake/drill/script"
)

// parse reads a script that must be right.
func parse(t testing.TB, text string, defs map[string]string) *script.Script {
	t.Helper()
	s, err := script.Parse("test.pkt", []byte(text), defs)
	if err != nil {
		t.Fatalf("%v\n%s", err, caret(t, err))
	}
	return s
}

// parseEvent reads a script of one event.
func parseEvent(t testing.TB, text string) script.Event {
	t.Helper()
	s := parse(t, text, nil)
	if len(s.Events) != 1 {
		t.Fatalf("%s: got %d events, want 1", text, len(s.Events))
	}
	return s.Events[0]
}

func caret(t testing.TB, err error) string {
	t.Helper()
	e, ok := errors.AsType[*script.Error](err)
	if !ok {
		t.Fatalf("the error is a %T, want a *script.Error", err)
	}
	return e.Caret()
}

// wantError expects an error, given as what Error says after the file's name.
func wantError(t testing.TB, text string, defs map[string]string, want string) {
	t.Helper()
	s, err := script.Parse("test.pkt", []byte(text), defs)
	if err == nil {
		t.Errorf("%q:\n got %+v\nwant an error: %s", text, s.Events, want)
		return
	}
	if got, _ := strings.CutPrefix(err.Error(), "test.pkt:"); got != want {
		t.Errorf("%q:\n got %s\nwant %s", text, got, want)
	}
	caret(t, err)
}

// show prints an expression so that its structure is seen: operators in front of
// their operands in parentheses.
func show(e script.Expr) string {
	switch e.Kind {
	case script.Ellipsis:
		return "..."
	case script.Integer:
		return fmt.Sprint(e.Int)
	case script.Symbol:
		return e.Text
	case script.String:
		return fmt.Sprintf("%q", e.Text)
	case script.Array:
		return "[" + showAll(e.Args) + "]"
	case script.Binary, script.Unary:
		return "(" + e.Text + " " + showAll(e.Args) + ")"
	case script.Apply:
		return e.Text + "(" + showAll(e.Args) + ")"
	}
	var fields []string
	for _, f := range e.Fields {
		switch {
		case f.Left != nil:
			fields = append(fields, show(*f.Left)+"="+show(f.Value))
		case f.Name != "":
			fields = append(fields, f.Name+"="+show(f.Value))
		default:
			fields = append(fields, show(f.Value))
		}
	}
	return "{" + strings.Join(fields, " ") + "}"
}

func showAll(list []script.Expr) string {
	var all []string
	for _, e := range list {
		all = append(all, show(e))
	}
	return strings.Join(all, " ")
}

// otherDefs are the definitions that scripts of other projects count on.
var otherDefs = map[string]string{
	"TFO_COOKIE":        "3021b9d889017eeb",
	"TFO_COOKIE_ZERO":   "b7c12350a90dc8f5",
	"CMSG_LEVEL_IP":     "SOL_IP",
	"CMSG_TYPE_RECVERR": "IP_RECVERR",
}

// otherScripts returns scripts of other projects by the name of their file, if
// there are any.
func otherScripts(t testing.TB) map[string][]byte {
	t.Helper()
	dir := os.Getenv("TFO_DRILL_SCRIPTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "drill")
	}
	scripts := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".pkt" {
			return err
		}
		scripts[path], err = os.ReadFile(path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return scripts
}
