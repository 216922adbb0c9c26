package scenario_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// TestMain gives an ordinary user's tests a user namespace, as tfo lab does.
func TestMain(m *testing.M) {
	code, done, err := lab.Reexec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err != nil {
		// The tests that need namespaces skip, and say why.
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !done {
		parallel()
		code = m.Run()
	}
	os.Exit(code)
}

// parallel plays more scenarios at once than there are processors: they wait for timers most of the time.
func parallel() {
	flag.Parse()
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		flag.Set("test.parallel", "8")
	}
}
