package lab

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Counter reads a counter of the host's TCP out of the TcpExt group, such as "TCPFastOpenPassive".
func (h *Host) Counter(name string) (value uint64, err error) {
	err = h.Do(func() error {
		// /proc/net is that of the process' first thread, which is not in the host's namespace.
		b, err := os.ReadFile("/proc/thread-self/net/netstat")
		if err != nil {
			return err
		}
		value, err = parseCounter(string(b), "TcpExt:", name)
		return err
	})
	return value, err
}

// parseCounter finds a counter in the format of /proc/net/netstat: a line of names, then a line of values, both
// starting with the group.
func parseCounter(netstat, group, name string) (uint64, error) {
	var names []string
	for line := range strings.Lines(netstat) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != group {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		i := slices.Index(names, name)
		if i < 1 || i >= len(fields) {
			break
		}
		return strconv.ParseUint(fields[i], 10, 64)
	}
	return 0, fmt.Errorf("counter %q: not in %s", name, strings.TrimSuffix(group, ":"))
}
