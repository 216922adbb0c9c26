package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The fields of the lines of --json; docs/design.md, section 5.
var (
	e2eConnectFields = []string{
		"attempt", "local", "remote", "syn_option", "syn_cookie", "syn_data", "synack_option", "synack_cookie", "synack_acked",
		"synack_data", "fast_open", "reason", "syn_retransmits", "handshake_us", "first_byte_us", "sent", "received", "reply", "error",
	}
	e2eListenFields  = []string{"remote", "fast_open", "syn_data", "received", "sent", "duration_us", "close"}
	e2eSegmentFields = []string{"type", "time_us", "from", "to", "text", "reason"}
)

// e2eFields fails the test unless a line of JSON has exactly these fields.
func e2eFields(t *testing.T, line string, want []string) {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		t.Fatalf("not JSON: %v: %s", err, line)
	}
	got := slices.Sorted(maps.Keys(object))
	if want := slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		t.Errorf("fields = %v, want %v", got, want)
	}
}

// e2eLines reads lines of JSON that have exactly these fields.
func e2eLines[T any](t *testing.T, text string, fields []string) []T {
	t.Helper()
	var values []T
	for line := range strings.Lines(text) {
		e2eFields(t, line, fields)
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		values = append(values, v)
	}
	return values
}

func e2eResults(t *testing.T, text string) []result {
	t.Helper()
	return e2eLines[result](t, text, e2eConnectFields)
}
