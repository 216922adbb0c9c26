package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// PSH depends on how a program writes, so that data may have it or not. A SYN has
// it never: T-57.
func TestPush(t *testing.T) {
	const connect = "`sysctl -q net.ipv4.tcp_fastopen=5 net.ipv4.tcp_timestamps=0 net.ipv4.tcp_window_scaling=0`\n" + `
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 sendto(3, ..., 5, MSG_FASTOPEN|MSG_DONTWAIT, ..., ...) = 5
`
	const established = "+0 > S 0:5(5) <...>\n+0 < S. 0:0(0) ack 6 win 65535 <mss 1460>\n+0 > . 6:6(0) ack 1\n+0 write(3, ..., 5) = 5\n"
	for text, want := range map[string]drill.Verdict{
		"+0 > S 0:5(5) <...>":                  drill.Pass,
		"+0 > SP 0:5(5) <...>":                 drill.Fail,
		established + "+0 > P. 6:11(5) ack 1":  drill.Pass,
		established + "+0 > . 6:11(5) ack 1":   drill.Pass,
		established + "+0 > FP. 6:11(5) ack 1": drill.Fail,
	} {
		s, err := drill.Read("test.pkt", []byte(connect+text), drill.Config{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r := drill.Run(s, drill.Config{}); r.Verdict != want {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
	}
}
