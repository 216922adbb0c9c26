package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// wireshark is what tshark counts in a capture: a second opinion that does not
// depend on our own reading.
type wireshark struct {
	segments        int
	synData         int // SYNs with data; a SYN-ACK may have some of its own
	resets          int
	retransmissions int
}

func askWireshark(ctx context.Context, file string) (w wireshark, err error) {
	fields := []string{"tcp.flags.syn", "tcp.flags.reset", "tcp.len", "tcp.analysis.retransmission", "tcp.flags.ack"}
	args := []string{"-n", "-r", file, "-T", "fields", "-d", fmt.Sprintf("tcp.port==%d,data", wirePort)}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.CommandContext(ctx, "tshark", args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return w, fmt.Errorf("tshark: %w: %s", err, exit.Stderr)
	}
	if err != nil {
		return w, err
	}
	for line := range strings.Lines(string(out)) {
		v := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(v) != len(fields) {
			return w, fmt.Errorf("tshark: unexpected line %q", line)
		}
		w.segments++
		if isSet(v[0]) && !isSet(v[4]) && v[2] != "0" {
			w.synData++
		}
		if isSet(v[1]) {
			w.resets++
		}
		if v[3] != "" {
			w.retransmissions++
		}
	}
	return w, nil
}

// isSet reads a flag, which is printed as 1 or as True by version.
func isSet(v string) bool { return v == "1" || v == "True" }
