package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
)

// listens reports whether a socket of a host's kernel listens on a port, of
// either family.
func listens(host *lab.Host, port uint16) (found bool, err error) {
	err = host.Do(func() error {
		for _, name := range []string{"tcp", "tcp6"} {
			table, err := os.ReadFile("/proc/thread-self/net/" + name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			found = found || hasListener(string(table), port)
		}
		return nil
	})
	return found, err
}

// hasListener looks into a table of /proc/net: the second field is the local
// address and port in hex, the fourth the state, of which 0A is LISTEN.
func hasListener(table string, port uint16) bool {
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], suffix) {
			return true
		}
	}
	return false
}
