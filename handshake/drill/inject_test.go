package drill_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/handshake/drill"
	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// tracePorts returns how packets are to be shown whose ports are kept in ends.
func tracePorts(ends *[]string) drill.Config {
	return drill.Config{Trace: func(_ time.Duration, _ bool, p *wire.Packet, _ string) {
		*ends = append(*ends, fmt.Sprintf("%d>%d", p.TCP.SrcPort, p.TCP.DstPort))
	}}
}

// Ports that a packet has of its own are those on the wire, for this one packet. What
// the host answers is not the connection's.
func TestPorts(t *testing.T) {
	var ends []string
	r := play(t, tracePorts(&ends), opened+`
+0 < 1234 > 8080 . 1:1(0) ack 1 win 65535
+0 < 4000 > 0 . 1:1(0) ack 1 win 65535
+0 < P. 1:6(5) ack 1 win 65535
+0 > . 1:1(0) ack 6
`)
	want := []string{"1234>8080", "8080>1234", "4000>8080", "8080>4000", "40000>8080", "8080>40000"}
	if r.Verdict != drill.Pass || len(ends) < 3 || !slices.Equal(ends[3:], want) {
		t.Errorf("got %v, ports %q, want at the end %q", r, ends, want)
	}
}

// An echo is exact if the script has it from the host, otherwise by the clock if the
// script says so, and without that a mistake.
func TestEcho(t *testing.T) {
	const begin = `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <mss 1460,sackOK,TS val 500 ecr 0,nop,wscale 8>
`
	const synAck = "+.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,TS val 7 ecr %d>\n"
	const taken, refused = "+0 > . 1:1(0) ack 1 <...>\n", "+0 > R 1:1(0)\n"
	const scaled = "--tcp_ts_ecr_scaled\n"
	for text, want := range map[string]string{
		begin + fmt.Sprintf(synAck, 500) + taken:            "",
		begin + fmt.Sprintf(synAck, 501):                    "there is no packet with TS val 501 before that ecr 501 could be about",
		begin + fmt.Sprintf(synAck, 0) + taken:              "",
		scaled + begin + fmt.Sprintf(synAck, 500) + taken:   "",
		scaled + begin + fmt.Sprintf(synAck, 501) + taken:   "", // within what the clock has told
		scaled + begin + fmt.Sprintf(synAck, 499) + refused: "",
		// The SYN goes out again after a second, which the script calls ten.
		begin + "+1 > S 0:0(0) <mss 1460,sackOK,TS val 10500 ecr 0,nop,wscale 8>\n" + fmt.Sprintf(synAck, 10500) + taken:          "",
		scaled + begin + "+1 > S 0:0(0) <mss 1460,sackOK,TS val 10500 ecr 0,nop,wscale 8>\n" + fmt.Sprintf(synAck, 10500) + taken: "",
		"0 < S 0:0(0) win 9 <mss 1460,TS val 7 ecr 77>\n+0 > R. 0:0(0) ack 1":                                                     "",
	} {
		if r := play(t, drill.Config{}, text); (r.Verdict == drill.Pass) != (want == "") || r.Message != want {
			t.Errorf("%s: got %v, want %q", text, r, want)
		}
	}
}

// A segment that no packet has room for is a mistake of the script, at its place.
func TestTooLong(t *testing.T) {
	for text, want := range map[string]string{
		"+0 < P. 1:65496(65495) ack 1 win 9":                "",
		"+0 < P. 1:65497(65496) ack 1 win 9":                "test.pkt:11:1: fail: the segment is too long: the packet would have 65536 bytes, and IP's length has room for 65535",
		"+0 < P. 1:65496(65495) ack 1 win 9 <nop,nop>":      "test.pkt:11:1: fail: the segment is too long: the packet would have 65539 bytes, and IP's length has room for 65535",
		"IPv6 +0 < P. 1:65516(65515) ack 1 win 9":           "",
		"IPv6 +0 < P. 1:65516(65515) ack 1 win 9 <nop,nop>": "test.pkt:11:1: fail: the segment is too long: the packet would have 65539 bytes, and IP's length has room for 65535",
	} {
		text, ipv6 := strings.CutPrefix(text, "IPv6 ")
		r := play(t, drill.Config{IPv6: ipv6}, opened+text)
		if (r.Verdict == drill.Pass) != (want == "") || want != "" && r.String() != want {
			t.Errorf("%s: got %v, want %q", text, r, want)
		}
	}
	_, err := drill.Read("test.pkt", []byte("\n0 < S 0:65516(65516) win 9"), drill.Config{}, nil)
	e, ok := errors.AsType[*script.Error](err)
	if !ok || e.Pos != (script.Pos{Line: 2, Column: 15}) || e.Msg != "expected a payload that fits a packet, 65515 bytes at most" {
		t.Errorf("got %v", err)
	}
}
