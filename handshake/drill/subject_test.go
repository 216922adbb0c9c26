package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// Assertions are about the socket that the script made last, or the connection that
// came after it, whatever other calls do.
func TestSubject(t *testing.T) {
	const (
		client = "+0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 5\n"
		server = "+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9000 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 9000\n"
		first  = "+0 %{ assert tcpi_state == TCP_ESTABLISHED and tcpi_snd_wnd == 65535 }%\n"
		second = "+0 %{ assert tcpi_state == TCP_ESTABLISHED and tcpi_snd_wnd == 9000 }%\n"
		none   = "the socket under test, of which tcpi_state should tell, was not accepted, or is closed"
	)
	for _, test := range []struct{ name, script, want string }{
		{"accepted", opened + first, ""},
		{"a new socket", opened + client + "+0 %{ assert tcpi_state == TCP_CLOSE and tcpi_rto == 1000000 and tcpi_snd_mss == 536 and tcpi_snd_cwnd == 10 }%", ""},
		{"a new socket that connects", opened + client + "+0 connect(5, ..., ...) = -1 EINPROGRESS\n+0 %{ assert tcpi_state == TCP_SYN_SENT }%", ""},
		{"calls on another socket", opened + client + "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0 %{ assert tcpi_state == TCP_CLOSE }%", ""},
		{"another connection", opened + server + "+0 accept(3, ..., ...) = 6\n" + second, ""},
		{"not accepted", opened + server + first, none},
		{"closed", opened + "+0 close(4) = 0\n" + first, none},
		{"none", "0 %{ assert tcpi_state == TCP_CLOSE }%", "there is no socket yet that tcpi_state could tell of"},
		{"a listener", "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 7) = 0\n" +
			"+0 %{ assert tcpi_state == TCP_LISTEN and tcpi_unacked == 0 and tcpi_sacked == 7 and tcpi_snd_cwnd == 10 and tcpi_rto == 0 }%", ""},
	} {
		r := play(t, drill.Config{}, test.script)
		if (r.Verdict == drill.Pass) != (test.want == "") || r.Message != test.want {
			t.Errorf("%s: got %v, want %q", test.name, r, test.want)
		}
	}
}
