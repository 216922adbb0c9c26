package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// childVariable makes the test binary play a role instead of testing.
const childVariable = "LAB_TEST_CHILD"

// TestMain gives an ordinary user's tests a user namespace, as a program that uses the package does. Where that is
// forbidden the tests run all the same, and those that need it skip.
func TestMain(m *testing.M) {
	// The race detector would keep every process of ours for a second after its end.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(runChild(name))
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

// requireSysctls skips the test where a container shows /proc/sys read-only.
func requireSysctls(t *testing.T) {
	t.Helper()
	if err := unix.Access("/proc/sys/net/ipv4/ip_forward", unix.W_OK); errors.Is(err, unix.EROFS) {
		t.Skipf("needs a writable /proc/sys: %v", err)
	}
}

// newLab skips the test where hosts cannot be made.
func newLab(t *testing.T, cfg Config) *Lab {
	t.Helper()
	requireSysctls(t)
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
