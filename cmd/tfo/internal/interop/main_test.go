package main

import (
	"strings"
	"testing"
)

func TestRunUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		want string // in one of the outputs
	}{
		{[]string{"-only", "nosuch"}, exitUsage, `no case is called "nosuch"`},
		{[]string{"-bogus"}, exitUsage, "bogus"},
		{[]string{"extra"}, exitUsage, `unexpected argument "extra"`},
		{[]string{"-jobs", "0"}, exitUsage, "0 is not a number of cases"},
		{[]string{"-json", "-markdown"}, exitUsage, "exclude each other"},
		{[]string{"-list", "-only", "nginx"}, exitDone, "nginx-light"},
		{[]string{"-packages", "-only", "nginx"}, exitDone, "nginx-light\n"},
		{[]string{"-tfo", "/nonexistent/tfo"}, exitMissing, "/nonexistent/tfo"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), tc.args, &stdout, &stderr)
		if said := stdout.String() + stderr.String(); code != tc.code || !strings.Contains(said, tc.want) {
			t.Errorf("%q: got code %d and %q, want %d and %q", tc.args, code, said, tc.code, tc.want)
		}
	}
}
