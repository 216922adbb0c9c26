package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// explainedFrames are the lines about frames that tfo explain --json prints for a capture.
func explainedFrames(t *testing.T, file string) (frames []frameJSON) {
	t.Helper()
	for line := range strings.Lines(tfo(t, "", "explain", "--json", file).done(t)) {
		var f frameJSON
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if f.Type != "connection" {
			frames = append(frames, f)
		}
	}
	return frames
}

// agreeOnFields wants Wireshark to know each of our names for fields, and to say the same of every field of
// every frame of a capture that has one.
func agreeOnFields(t *testing.T, file string) {
	t.Helper()
	e2eNeed(t, "tshark")
	frames := explainedFrames(t, file)
	names := make(map[string]bool)
	for _, f := range frames {
		for _, field := range f.Fields {
			// What is unused around a length of RFC 4884 is one field in Wireshark, the length included, if that is zero.
			if field.Filter != "" && field.Filter != "icmp.unused" {
				names[field.Filter] = true
			}
		}
	}
	filters := slices.Sorted(maps.Keys(names))
	if len(frames) == 0 || len(filters) < 20 {
		t.Fatalf("%d frames with %d fields that Wireshark knows", len(frames), len(filters))
	}
	rows := tsharkFields(t, file, filters)
	if len(rows) != len(frames) {
		t.Fatalf("tshark has %d frames, we have %d", len(rows), len(frames))
	}
	compared := 0
	for i, f := range frames {
		for j, filter := range filters {
			var ours []string
			for _, field := range f.Fields {
				if field.Filter == filter && (rows[i][j] != "" || !tsharkLeavesOut(field)) {
					ours = append(ours, normalValue(inTheirUnits(field)))
				}
			}
			var theirs []string
			if rows[i][j] != "" && (len(ours) > 0 || !secondName[filter]) {
				for v := range strings.SplitSeq(rows[i][j], "|") {
					theirs = append(theirs, normalValue(v))
				}
			}
			if !slices.Equal(ours, theirs) {
				t.Errorf("frame %d of %s: %s: we say %q, tshark %q", f.Packet, filepath.Base(file), filter, ours, theirs)
			}
			compared += len(ours)
		}
	}
	t.Logf("%s: %d values of %d fields in %d frames agree", filepath.Base(file), compared, len(filters), len(frames))
}

// tsharkFields asks Wireshark for the values of fields, a row for each frame, several values with a bar between.
func tsharkFields(t *testing.T, file string, filters []string) (rows [][]string) {
	t.Helper()
	args := []string{
		"-n", "-r", file, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|",
		"-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE", "-d", "tcp.port==1-65535,data",
	}
	for _, f := range filters {
		args = append(args, "-e", f)
	}
	cmd := exec.CommandContext(t.Context(), "tshark", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, &stderr)
	}
	for line := range strings.Lines(string(out)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(values) != len(filters) {
			t.Fatalf("tshark: %d values, want %d: %q", len(values), len(filters), line)
		}
		rows = append(rows, values)
	}
	return rows
}

// secondName are names that Wireshark gives to fields besides the one that we know: that of the other version of IP, and
// that of a sequence number as it stands there, which in what ICMP errors quote it does not always have.
var secondName = map[string]bool{"ip.version": true, "tcp.seq": true, "tcp.seq_raw": true}

// tsharkLeavesOut tells which fields of ours Wireshark does not show: in an ICMP error a length of RFC 4884 that is zero.
func tsharkLeavesOut(f fieldJSON) bool { return f.Filter == "icmp.length" && f.Value == "0" }

// inTheirUnits returns the value of a field as Wireshark counts it: lengths of headers in bytes.
func inTheirUnits(f fieldJSON) string {
	n, err := strconv.Atoi(f.Value)
	if err == nil && (f.Filter == "ip.hdr_len" || f.Filter == "tcp.hdr_len") {
		return strconv.Itoa(4 * n)
	}
	return f.Value
}

// normalValue writes numbers in decimal, whatever base they were printed in, yes and no as numbers, and bytes in hex without
// anything between.
func normalValue(v string) string {
	switch v {
	case "True":
		return "1"
	case "False":
		return "0"
	}
	if n, err := strconv.ParseUint(v, 0, 64); err == nil && (v == "0" || v[0] != '0' || strings.HasPrefix(v, "0x")) {
		return strconv.FormatUint(n, 10)
	}
	return v
}

func TestExplainAgreesWithTshark(t *testing.T) { agreeOnFields(t, kernelCapture) }

// What two kernels have just said to each other, as it was on the cable.
func TestExplainKernelsAgreesWithTshark(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		exchange := kernelPair(t, l, l.server(ipv6, e2ePort))
		file := filepath.Join(t.TempDir(), "kernels.pcapng")
		p := dumping(t, l, "--all", "-w", file)
		exchange()
		exchange()
		if !p.stdout.await("accepts the 13 bytes before the handshake is over") {
			t.Fatalf("got:\n%s", p.stdout)
		}
		interrupted(t, p)
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Fatal(fmt.Sprint(info, err))
		}
		agreeOnFields(t, file)
	})
}
