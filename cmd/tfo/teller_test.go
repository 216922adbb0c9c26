package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/link"
)

// tell shows a teller segments of two connections, by the port of the client.
func tell(t *testing.T, teller *teller, segments ...string) {
	t.Helper()
	server := netip.MustParseAddrPort("192.0.2.2:8080")
	for i, s := range segments {
		way, text, _ := strings.Cut(s, " ")
		client := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 1000*uint16(way[0]-'0'))
		src, dst := client, server
		if way[1] == '<' {
			src, dst = dst, src
		}
		// A copy would have the same number.
		p := craftPacket(t, text, "--src", src.String(), "--dst", dst.String(), "--set", "ip.id="+strconv.Itoa(i))
		header := link.AppendHeader(nil, wire.MAC{2}, wire.MAC{4}, 4)
		teller.frame(p.Append(header), time.Unix(1, int64(i)*1e6))
	}
}

func TestTeller(t *testing.T) {
	var out bytes.Buffer
	teller := newTeller(&out, &labFlags{client: "ours", server: "kernel"}, "192.0.2.2:8080")
	// The end of the first connection comes after the beginning of the second.
	tell(t, teller, "1> S 0:0(0) win 9 <mss 1460,TS val 7 ecr 0,FO>", "1< S. 0:0(0) ack 1 win 9 <FO 01020304>", "1> . 1:1(0) ack 1 win 9",
		"2> S 0:5(5) win 9 <FO 01020304>", "1> R 1:1(0) win 9", "2< S. 0:0(0) ack 6 win 9")
	if err := teller.finish(); err != nil {
		t.Fatal(err)
	}
	golden(t, "teller.golden", out.String())
}

func TestTellerVerbose(t *testing.T) {
	var out bytes.Buffer
	teller := newTeller(&out, &labFlags{verbose: true}, "192.0.2.2:8080")
	tell(t, teller, "1> S 0:0(0) win 9 <mss 1460,nop,TS val 7 ecr 0,FO>")
	if got := out.String(); !strings.Contains(got, "<mss 1460,nop,TS val 7 ecr 0,FO,") || strings.Contains(got, "-v") {
		t.Errorf("got:\n%s", got)
	}
}

// A connection that failed has its line, with the error, also if nothing of it
// was seen.
func TestTellerJSON(t *testing.T) {
	var out bytes.Buffer
	teller := newTeller(&out, &labFlags{json: true}, "192.0.2.2:8080")
	tell(t, teller, "1> S 0:0(0) win 9 <FO>")
	teller.replied([]byte(labReply), nil)
	teller.replied(nil, errors.New("endpoint: it broke"))
	if err := teller.finish(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], `{"type":"segment","time_us":0,"from":"client","to":"server","text":"S 0:0(0) win 9 <FO,nop,nop>","reason":"`) {
		t.Fatalf("got:\n%s", &out)
	}
	var first, second result
	if err := errors.Join(json.Unmarshal([]byte(lines[1]), &first), json.Unmarshal([]byte(lines[2]), &second)); err != nil {
		t.Fatal(err)
	}
	if first.Type != "connection" || first.SynOption != "request" || string(first.Reply) != labReply || first.Error != "" {
		t.Errorf("first: %+v", first)
	}
	if second.Type != "connection" || second.Attempt != 2 || second.Remote != "192.0.2.2:8080" || second.Error != "it broke" {
		t.Errorf("second: %+v", second)
	}
}

// Output that cannot be written is an error at the end.
func TestTellerWriteError(t *testing.T) {
	teller := newTeller(failingWriter{}, &labFlags{}, "192.0.2.2:8080")
	tell(t, teller, "1> S 0:0(0) win 9 <FO>")
	if err := teller.finish(); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }
