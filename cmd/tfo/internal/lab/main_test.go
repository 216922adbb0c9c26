package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// helperVariable makes the test binary run one of helpers instead of the tests.
const helperVariable = "LAB_TEST_HELPER"

// TestMain gives an ordinary user's tests a user namespace, as a program that uses the package does. Where that is
// forbidden the tests run all the same, and those that need it skip.
func TestMain(m *testing.M) {
	if name := os.Getenv(helperVariable); name != "" {
		os.Exit(runHelper(name))
	}
	code, done, err := Reexec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		fallthrough
	case !done:
		code = m.Run()
	}
	os.Exit(code)
}

// newLab skips the test where hosts cannot be made.
func newLab(t *testing.T, cfg Config) *Lab {
	t.Helper()
	l, err := New(t.Context(), cfg)
	if errors.Is(err, ErrForbidden) || errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatalf("New(%+v): %v", cfg, err)
	}
	t.Cleanup(l.Close)
	return l
}
