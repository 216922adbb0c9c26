package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

// tell shows a teller segments of two connections, by the port of the client, and notes.
func tell(t *testing.T, teller *teller, events ...string) *scenario.Result {
	t.Helper()
	server := netip.MustParseAddrPort("192.0.2.2:8080")
	story := follow.New()
	for i, s := range events {
		way, text, _ := strings.Cut(s, " ")
		if way == "note" {
			teller.event(&scenario.Event{Note: bilingual.T(text, "")})
			continue
		}
		client := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 1000*uint16(way[0]-'0'))
		src, dst := client, server
		if way[1] == '<' {
			src, dst = dst, src
		}
		// A copy would have the same number.
		p := craftPacket(t, text, "--src", src.String(), "--dst", dst.String(), "--set", "ip.id="+strconv.Itoa(i))
		e := scenario.Event{Frame: &scenario.Frame{}}
		if strings.HasSuffix(way, "x") {
			e.Frame.Fate = path.Lost
		}
		line := story.Frame(time.Unix(1, int64(i)*1e6), &p)
		e.Line = &line
		teller.event(&e)
	}
	return &scenario.Result{Connections: story.Connections()}
}

// testTeller is a teller of the first scenario.
func testTeller(w io.Writer, flags labFlags) *teller {
	sc := scenario.All()[0]
	return newTeller(w, &flags, sc, scenario.Config{Sides: sc.Sides[1]})
}

func TestTeller(t *testing.T) {
	var out bytes.Buffer
	teller := testTeller(&out, labFlags{})
	// The end of the first connection comes after the beginning of the second.
	r := tell(t, teller, "1> S 0:0(0) win 9 <mss 1460,TS val 7 ecr 0,FO>", "1< S. 0:0(0) ack 1 win 9 <FO 01020304>", "1> . 1:1(0) ack 1 win 9",
		"note what one\nsays", "2>x S 0:5(5) win 9 <FO 01020304>", "1> R 1:1(0) win 9", "2< S. 0:0(0) ack 6 win 9")
	r.Hidden = 3
	r.Checks = []story.Check{{What: bilingual.T("this", ""), Seen: "1", OK: true}, {What: bilingual.T("that", ""), Seen: "2"}}
	if err := teller.finish(r); err != nil {
		t.Fatal(err)
	}
	golden(t, "teller.golden", out.String())
}

func TestTellerVerbose(t *testing.T) {
	var out bytes.Buffer
	teller := testTeller(&out, labFlags{verbose: true})
	tell(t, teller, "1> S 0:0(0) win 9 <mss 1460,nop,TS val 7 ecr 0,FO>")
	if got := out.String(); !strings.Contains(got, "<mss 1460,nop,TS val 7 ecr 0,FO,") || strings.Contains(got, "-v") {
		t.Errorf("got:\n%s", got)
	}
}

// A connection that failed has its line, with the error, also if nothing of it
// was seen.
func TestTellerJSON(t *testing.T) {
	var out bytes.Buffer
	teller := testTeller(&out, labFlags{json: true})
	r := tell(t, teller, "1> S 0:0(0) win 9 <FO>", "note so", "1>x . 1:1(0) ack 1 win 9")
	r.Exchanges = []scenario.Exchange{{Connection: r.Connections[0], Reply: []byte(scenario.Reply)}, {Err: errors.New("endpoint: it broke")}}
	r.Checks = []story.Check{{What: bilingual.T("this", ""), Seen: "1", OK: true}}
	if err := teller.finish(r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], `{"type":"segment","time_us":0,"from":"client","to":"server","text":"S 0:0(0) win 9 <FO,nop,nop>","reason":"`) ||
		lines[1] != `{"type":"note","text":"so"}` || !strings.HasSuffix(lines[2], `,"fate":"lost"}`) ||
		lines[5] != `{"type":"check","what":"this","seen":"1","ok":true}` {
		t.Fatalf("got:\n%s", &out)
	}
	var first, second result
	if err := errors.Join(json.Unmarshal([]byte(lines[3]), &first), json.Unmarshal([]byte(lines[4]), &second)); err != nil {
		t.Fatal(err)
	}
	if first.Type != "connection" || first.SynOption != "request" || string(first.Reply) != scenario.Reply || first.Error != "" {
		t.Errorf("first: %+v", first)
	}
	if second.Type != "connection" || second.Attempt != 0 || second.Error != "it broke" {
		t.Errorf("second: %+v", second)
	}
}

// Output that cannot be written is an error at the end.
func TestTellerWriteError(t *testing.T) {
	teller := testTeller(failingWriter{}, labFlags{})
	r := tell(t, teller, "1> S 0:0(0) win 9 <FO>")
	if err := teller.finish(r); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }
