package drill_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/handshake/drill"
)

// The scripts for live hosts pass in virtual time as well, with the socket calls in
// them, and against a host that has a program of its own.
func TestLiveScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/remote/*.pkt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if r := drill.Run(readLive(t, string(text)), drill.Config{}); r.Verdict != drill.Pass {
				t.Errorf("in virtual time: %v", r)
			}
			for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
				n := newLiveNet(t, delay)
				if r := n.play(drill.Config{}, string(text)); r.Verdict != drill.Pass {
					t.Errorf("with a delay of %v: %v", delay, r)
				}
			}
		})
	}
}

func TestLiveVerdicts(t *testing.T) {
	const open = "0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n+0 < . 1:1(0) ack 1 win 65535\n"
	for name, test := range map[string]struct {
		text    string
		delay   time.Duration
		c       drill.Config
		verdict drill.Verdict
		want    []string // in the result
	}{
		"difference": {
			text:    "0 < S 0:10(10) win 65535 <mss 1460,FO 0102030405060708,nop,nop>\n+0 > S. 0:0(0) ack 11 <mss 1460>",
			verdict: drill.Fail, want: []string{"live.pkt:2:1: fail: the acknowledgement number differs", "expected 0.000000 > S. 0:0(0) ack 11 <mss 1460>", "got      0.000000 > S. 0:0(0) ack 1 "},
		},
		"pushed SYN": {
			text:    "0 < S 0:0(0) win 65535 <mss 1460>\n+0 > SP. 0:0(0) ack 1 <mss 1460>",
			verdict: drill.Fail, want: []string{"the flags field differs"},
		},
		"pushed ACK": {
			text:    open + "+0 < P. 1:6(5) ack 1 win 65535\n+0 > P. 1:1(0) ack 6",
			verdict: drill.Fail, want: []string{"the flags field differs"},
		},
		"host connects": {
			text:    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 > S 0:0(0) <...>",
			verdict: drill.Unsupported, want: []string{"live.pkt:2:1: ", "nobody makes a live host do that"},
		},
		"other ports": {
			text:    "0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n+0 < 1234 > 80 S 0:0(0) win 9",
			verdict: drill.Unsupported, want: []string{"live.pkt:3:1: ", "between other ports"},
		},
		"other family":   {text: "--ip_version=ipv6\n" + open, verdict: drill.Unsupported, want: []string{"other IP version"}},
		"program writes": {text: open + "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1", verdict: drill.Fail, want: []string{"the packet has not come", "hint     the script's program has called write before"}},
		"ordinary":       {text: open + "+0 > P. 1:11(10) ack 1", verdict: drill.Fail, want: []string{"the packet has not come\n    expected 0.000000 > P. 1:11(10) ack 1\n    got      nothing until 0.050000"}},
		"far away":       {text: open, delay: 30 * time.Millisecond, verdict: drill.Fail, want: []string{"nothing until 0.050000\n    hint     the host has not answered at all"}},
		"farther":        {text: open, delay: 30 * time.Millisecond, c: drill.Config{Tolerance: 70 * time.Millisecond}, verdict: drill.Pass},
		"said otherwise": {text: "--tolerance_usecs=70000\n" + open, delay: 30 * time.Millisecond, verdict: drill.Pass},
		"delays do not add up": {
			text:  open + strings.Repeat("+.1 < . 0:1(1) ack 1 win 65535\n+0 > . 1:1(0) ack 1\n", 20),
			delay: 20 * time.Millisecond, verdict: drill.Pass,
		},
		"absolute times are kept": {
			text:  open + "0.03 < . 0:1(1) ack 1 win 65535\n+0 > . 1:1(0) ack 1\n0.05 < . 0:1(1) ack 1 win 65535\n+0 > . 1:1(0) ack 1\n0.06 < . 0:1(1) ack 1 win 65535",
			delay: 24 * time.Millisecond, verdict: drill.Fail, want: []string{"8:1: fail: the event should be at 0.060000 and comes at 0.144000"},
		},
		"whenever it likes": {text: "0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n* > S. 0:0(0) ack 1 <...>\n+2 > S. 0:0(0) ack 1 <...>", verdict: drill.Pass},
		"too late":          {text: "0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+.5~+.7 > S. 0:0(0) ack 1 <...>", verdict: drill.Fail, want: []string{"the packet has not come"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLiveNet(t, test.delay)
			r := n.play(test.c, test.text)
			if r.Verdict != test.verdict {
				t.Fatalf("got %v, want %s", r, test.verdict)
			}
			for _, want := range test.want {
				if !strings.Contains(r.String(), want) {
					t.Errorf("got %v, want %q in it", r, want)
				}
			}
			if r.Verdict == drill.Unsupported && len(n.sent) > 0 {
				t.Errorf("%d packets were sent", len(n.sent))
			}
		})
	}
}

func TestLiveNotes(t *testing.T) {
	const text = "--mtu=1400\n`true`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+0 %{ assert 0 }%"
	r := newLiveNet(t, 0).play(drill.Config{}, text)
	want := []string{
		"option --mtu makes no difference against a live host",
		"3 events left out: what programs do and look at is the live host's business",
	}
	if r.Verdict != drill.Pass || !slices.Equal(r.Notes, want) {
		t.Errorf("got %v\n%q, want a pass and\n%q", r, r.Notes, want)
	}
}

// Whatever a script leaves, the host has no connection when it is over.
func TestLiveLeavesNothing(t *testing.T) {
	const open = "0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n+0 < . 1:1(0) ack 1 win 65535\n"
	for name, test := range map[string]struct {
		text   string
		resets []int // the sequence numbers
	}{
		"half open":      {"0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <mss 1460>", []int{1}},
		"Fast Open":      {"0 < S 0:10(10) win 65535 <mss 1460,FO TFO_COOKIE,nop,nop>\n+0 > S. 0:0(0) ack 11 <mss 1460>", []int{11}},
		"failed":         {open + "+0 > . 5:5(0) ack 5", []int{1}},
		"data":           {open + "+0 < P. 1:11(10) ack 1 win 65535", []int{11, 1}},
		"lost data":      {open + "+0 < P. 100001:100011(10) ack 1 win 65535\n+0 > . 1:1(0) ack 1", []int{100011, 1}},
		"reset already":  {open + "+0 < R 1:1(0) win 0", []int{1}},
		"two":            {open + "+0 listen(3, 5) = 0\n" + strings.Replace(open, "0", "+0", 1), []int{1, 1}},
		"the other ends": {open + "+0 < F. 1:1(0) ack 1 win 65535\n+0 > . 1:1(0) ack 2\n+0 > F. 1:1(0) ack 2\n+0 < . 2:2(0) ack 2 win 65535", []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLiveNet(t, 5*time.Millisecond)
			r := n.play(drill.Config{}, test.text)
			if (r.Verdict == drill.Fail) != (name == "failed") {
				t.Errorf("got %v", r)
			}
			var resets []int
			for i := range n.sent {
				if p := &n.sent[i]; p.TCP.Flags == 1<<2 {
					resets = append(resets, int(p.TCP.Seq))
				}
			}
			if !slices.Equal(resets, test.resets) {
				t.Errorf("resets at %v, want %v", resets, test.resets)
			}
			if err := n.Receive(n.now+10*time.Millisecond, func(time.Duration, []byte) { t.Error("something came after the resets") }); err != nil {
				t.Fatal(err)
			}
			if d := n.host.Deadline(); !d.IsZero() {
				t.Errorf("the host waits for %v", d.Sub(liveEpoch))
			}
		})
	}
}
