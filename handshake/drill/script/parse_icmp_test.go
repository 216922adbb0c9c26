package script_test

import (
	"testing"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

func TestICMP(t *testing.T) {
	for text, want := range map[string]script.ICMP{
		"< icmp unreachable": {Type: "unreachable"},
		"< icmp unreachable host_unreachable [0:10(10)]": {
			Type: "unreachable", Code: "host_unreachable", Quoted: script.Quoted{End: 10, Length: 10, HasSeq: true}},
		"< icmp unreachable frag_needed mtu 1200 [0:1(1)]": {
			Type: "unreachable", Code: "frag_needed", MTU: 1200, Quoted: script.Quoted{End: 1, Length: 1, HasSeq: true}},
		"< icmp unreachable [5000:6000(1000)]": {
			Type: "unreachable", Quoted: script.Quoted{Start: 5000, End: 6000, Length: 1000, HasSeq: true}},
		"< icmp packet_too_big mtu 1400 [0:0(0)]": {Type: "packet_too_big", MTU: 1400, Quoted: script.Quoted{HasSeq: true}},
		"< icmp time_exceeded net_time_exceeded":  {Type: "time_exceeded", Code: "net_time_exceeded"},
		"< icmp unreachable [S. 4294967295:0(1)]": {
			Type: "unreachable", Quoted: script.Quoted{Flags: wire.SYN | wire.ACK, Start: 1<<32 - 1, Length: 1, HasSeq: true}},
		"< [1:3(2)] icmp unreachable": {Type: "unreachable", Quoted: script.Quoted{Start: 1, End: 3, Length: 2, HasSeq: true}},
	} {
		want.Direction = script.In
		if got := parseEvent(t, "+0 "+text).ICMP; got == nil || *got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
	}
	if got := parseEvent(t, "+0 > icmp unreachable").ICMP.Direction; got != script.Out {
		t.Errorf("direction: got %c, want >", got)
	}
}

func TestICMPErrors(t *testing.T) {
	for text, want := range map[string]string{
		"< icmp":                            "1:10: expected the type of an ICMP error, such as unreachable",
		"< icmp unreachable mtu":            "1:26: expected an MTU",
		"< icmp unreachable mtu -1":         "1:27: expected an MTU, 4294967295 at most",
		"< icmp unreachable [X 0:0(0)]":     "1:24: expected the flags of the quoted segment, or its sequence numbers, start:end(length)",
		"< icmp unreachable []":             "1:24: expected a packet: flags such as S. or - for none, or icmp",
		"< icmp unreachable [0:1(2)]":       "1:26: expected 2, the start plus the length 2",
		"< icmp unreachable [0:1(1)":        `1:30: expected "]" after the quoted segment`,
		"< icmp unreachable [0 1(1)]":       `1:26: expected ":" between sequence numbers, start:end(length)`,
		"< icmp unreachable [0:1]":          `1:27: expected "(" and the payload's length, start:end(length)`,
		"< icmp unreachable [0:1(65536)]":   "1:28: expected a payload length, 65535 at most",
		"< icmp unreachable [0:4294967296(": "1:26: expected the sequence number after the payload, 4294967295 at most",
		"< [1:3(2)] . 1:1(0)":               `1:15: expected "icmp" after a segment in brackets`,
	} {
		wantError(t, "+0 "+text, nil, want)
	}
}
