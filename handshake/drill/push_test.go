package drill_test

import (
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// A SYN never pushes: T-57.
func TestPushOfSyn(t *testing.T) {
	const connect = "`sysctl -q net.ipv4.tcp_fastopen=5 net.ipv4.tcp_timestamps=0 net.ipv4.tcp_window_scaling=0`\n" + `
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 sendto(3, ..., 5, MSG_FASTOPEN|MSG_DONTWAIT, ..., ...) = 5
`
	for text, want := range map[string]drill.Verdict{
		"+0 > S 0:5(5) <...>":  drill.Pass,
		"+0 > SP 0:5(5) <...>": drill.Fail,
	} {
		if r := play(t, drill.Config{}, connect+text); r.Verdict != want {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
	}
}

// Where a write ends it is pushed, and nowhere else. A kernel pushes some full segments
// as well; those are for the script to say.
func TestPush(t *testing.T) {
	const write, small, large = "+0 write(4, ..., 2000) = 2000\n", "+0 write(4, ..., 100) = 100\n", "+0 write(4, ..., 20000) = 20000\n"
	for text, want := range map[string]drill.Verdict{
		small + "+0 > P. 1:101(100) ack 1":                                 drill.Pass,
		small + "+0 > . 1:101(100) ack 1":                                  drill.Fail,
		small + "+0 > FP. 1:101(100) ack 1":                                drill.Fail,
		write + "+0 > . 1:1461(1460) ack 1\n+0 > P. 1461:2001(540) ack 1":  drill.Pass,
		write + "+0 > P. 1:1461(1460) ack 1\n+0 > P. 1461:2001(540) ack 1": drill.Pass,
		write + "+0 > . 1:1461(1460) ack 1\n+0 > . 1461:2001(540) ack 1":   drill.Fail,
		write + "+0 > P. 1:2001(2000) ack 1":                               drill.Pass,
		write + "+0 > . 1:2001(2000) ack 1":                                drill.Fail,
		large + "+0 > P. 1:14601(14600) ack 1":                             drill.Pass,
		large + "+0 > . 1:14601(14600) ack 1":                              drill.Pass,
		"+0 < P. 1:6(5) ack 1 win 65535\n+0 > P. 1:1(0) ack 6":             drill.Fail,
	} {
		if r := play(t, drill.Config{}, opened+text); r.Verdict != want || want == drill.Fail && r.Message != "the flags field differs" {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
	}
	// Less than full is what is less than the peer takes.
	none := strings.Replace(opened, "win 65535 <mss 1460>", "win 65535", 1)
	if r := play(t, drill.Config{}, none+write+"+0 > P. 1:537(536) ack 1"); r.Verdict != drill.Pass {
		t.Errorf("without an MSS: got %v", r)
	}
	// Here the window is what ends the segment.
	narrow := strings.Replace(opened, "ack 1 win 65535", "ack 1 win 1000", 1)
	if r := play(t, drill.Config{}, narrow+write+"+0 > P. 1:1001(1000) ack 1"); r.Verdict != drill.Fail {
		t.Errorf("with a narrow window: got %v", r)
	}
}
