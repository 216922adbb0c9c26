package drill_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/drill"
	"tfocraft/wire"
)

// play plays a script.
func play(t *testing.T, c drill.Config, text string) *drill.Result {
	t.Helper()
	s, err := drill.Read("test.pkt", []byte(text), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return drill.Run(s, c)
}

// opened is the beginning of scripts on a server's connection.
const opened = "`sysctl -q net.ipv4.tcp_timestamps=0`\n" + `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <mss 1460>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
`

// What passes has no message, and all its events were played.
func TestPass(t *testing.T) {
	for _, ipv6 := range []bool{false, true} {
		r := play(t, drill.Config{IPv6: ipv6}, opened+`
+0 < P. 1:6(5) ack 1 win 65535
+0 > . 1:1(0) ack 6
+0 read(4, ..., 100) = 5
+0 write(4, ..., 2000) = 2000
+0 > P. 1:2001(2000) ack 6
+.1 < . 6:6(0) ack 2001 win 65535
+0 close(4) = 0
+0 > F. 2001:2001(0) ack 6
`)
		if r.Verdict != drill.Pass || r.Message != "" || r.Events != 17 {
			t.Errorf("IPv6 %v: got %+v", ipv6, r)
		}
	}
}

// What Linux's socket calls do in the corners that scripts go into.
func TestCorners(t *testing.T) {
	const fin = "+0 < F. 1:1(0) ack 1 win 65535\n* > . 1:1(0) ack 2\n"
	for name, script := range map[string]string{
		"a reset after a FIN": fin + "+0 < R. 2:2(0) ack 1 win 0\n+0 read(4, ..., 10) = 0\n+0 write(4, ..., 10) = -1 EPIPE",
		"a reset after a FIN that was read": fin + "+0 read(4, ..., 10) = 0\n+0 < R. 2:2(0) ack 1 win 0\n" +
			"+0 read(4, ..., 10) = 0\n+0 write(4, ..., 10) = -1 EPIPE",
		"MSG_FASTOPEN on a connection": "+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EISCONN",
		"MSG_FASTOPEN on a listener":   "+0 sendto(3, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EISCONN",
		"AF_UNSPEC": "+0 connect(4, AF_UNSPEC, ...) = 0\n+0 > R. 1:1(0) ack 1\n" +
			"+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [ECONNRESET], [4]) = 0",
		"MSG_MORE": "+0 send(4, ..., 10, MSG_MORE) = 10\n+0 write(4, ..., 10) = 10\n+0 > P. 1:21(20) ack 1",
		"MSG_MORE, TCP_CORK": "+0 setsockopt(4, SOL_TCP, TCP_CORK, [1], 4) = 0\n+0 send(4, ..., 10, MSG_MORE) = 10\n" +
			"+0 write(4, ..., 10) = 10\n+.1 setsockopt(4, SOL_TCP, TCP_CORK, [0], 4) = 0\n+0 > P. 1:21(20) ack 1",
		"a closed descriptor": "+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n" +
			"+0 close(4) = -1 EBADF\n+0 close(5) = 0\n+0 close(6) = -1 EBADF",
		"signs that are only text":      "+0 `echo 'a|b' \"(c)&\" a#b &> /dev/null # d|e`",
		"commands that do nothing":      "+0 `:; false || true`",
		"poll of no descriptor":         "+0 poll([{fd=-1, events=POLLIN, revents=0}], 1, 0) = 0",
		"a failure with a way out":      "+0 `nstat > /dev/null; nstat | grep -q TcpRetransSegs || true`",
		"lengths below zero":            "+0 pipe([5, 6]) = 0\n+0 write(6, ..., 10) = 10\n+0 read(5, ..., -1) = -1 EINVAL\n+0 splice(5, NULL, 4, NULL, -1, 0) = 10\n+0 > P. 1:11(10) ack 1",
		"a queue that passes on":        "+0 `tc qdisc replace dev tun0 root fq; tc qdisc del dev tun0 root`",
		"a redirection without a blank": "+0 `echo 0 >/proc/sys/net/ipv4/tcp_sack 2>&1`",
	} {
		if r := play(t, drill.Config{}, opened+script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
	const refused = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n+0 connect(3, ..., ...) = -1 EINPROGRESS\n" +
		"+0 > S 0:0(0) <...>\n+0 < R. 0:0(0) ack 1 win 0\n"
	for _, rest := range []string{
		"+0 connect(3, ..., ...) = -1 ECONNREFUSED\n",
		"+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n+0 connect(3, ..., ...) = -1 ECONNABORTED\n",
	} {
		r := play(t, drill.Config{}, refused+rest+"+0 connect(3, ..., ...) = -1 EINPROGRESS\n+0 > S 0:0(0) <...>")
		if r.Verdict != drill.Pass {
			t.Errorf("a second connect after %q: %v", rest, r)
		}
	}
	// The SYN-ACK finds nobody.
	r := play(t, drill.Config{}, strings.Replace(refused, "+0 < R. 0:0(0) ack 1 win 0", "+0 shutdown(3, SHUT_WR) = 0\n"+
		"+.1 < S. 0:0(0) ack 1 win 5840 <mss 1460>\n+0 > R 1:1(0)", 1))
	if r.Verdict != drill.Pass {
		t.Errorf("shutdown in SYN-SENT: %v", r)
	}
	r = play(t, drill.Config{}, opened+"+0 `echo lots >/proc/sys/net/ipv4/tcp_syn_retries`")
	if r.Verdict != drill.Fail || !strings.Contains(r.Message, `"lots" is not a number`) {
		t.Errorf("got %v", r)
	}
}

// What fails says where, what was expected and what came, and which field differs.
func TestFail(t *testing.T) {
	for _, test := range []struct {
		name, script, message string
		line                  int
		detail                []string
	}{
		{"ack", "+0 < P. 1:6(5) ack 1 win 65535\n+0 > . 1:1(0) ack 7", "the acknowledgement number differs", 12, []string{
			"expected 0.000000 > . 1:1(0) ack 7",
			"got      0.000000 > . 1:1(0) ack 6 win 65530",
			"                             ^^^^^",
		}},
		{"flags", "+0 close(4) = 0\n+0 > R. 1:1(0) ack 1", "the flags field differs", 12, []string{
			"expected 0.000000 > R. 1:1(0) ack 1",
			"got      0.000000 > F. 1:1(0) ack 1 win 65535",
			"                    ^^",
		}},
		{"options", "+0 close(4) = 0\n+0 > F. 1:1(0) ack 1 <nop,nop>", "the list of options differs", 12, []string{
			"expected 0.000000 > F. 1:1(0) ack 1 <nop,nop>",
			"got      0.000000 > F. 1:1(0) ack 1 win 65535",
			"                                             ^",
		}},
		{"nothing", "+.1 > . 1:1(0) ack 1", "the packet has not come", 11, []string{
			"expected 0.100000 > . 1:1(0) ack 1",
			"got      nothing until 0.112500",
		}},
		{"early", "+0 close(4) = 0\n+.5 > F. 1:1(0) ack 1", "the time differs", 12, []string{
			"expected 0.500000 > F. 1:1(0) ack 1",
			"got      0.000000 > F. 1:1(0) ack 1 win 65535",
			"         ^^^^^^^^",
		}},
		{"value", "+0 read(4, ..., 10) = 10", "read returns another value", 11, []string{"expected read(...) = 10", "got      -1 EAGAIN"}},
		{"errno", "+0 read(4, ..., 10) = -1 ECONNRESET (x)", "read fails for another reason", 11, []string{
			"expected read(...) = -1 ECONNRESET", "got      -1 EAGAIN",
		}},
		{"assertion", "+0 %{ assert tcpi_state == TCP_CLOSE, tcpi_state }%", "assertion failed: tcpi_state == TCP_CLOSE", 11, []string{
			"tcpi_state = 1", "TCP_CLOSE = 7",
		}},
		{"no window", "+0 < . 1:1(0) ack 1", "a packet that is sent needs a window: win N", 11, nil},
		{"nstat", "+0 `nstat > /dev/null`\n+0 `nstat | grep -q TcpRetransSegs`", "nstat: TcpRetransSegs has not been counted", 12, nil},
		{"poll", "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1", "poll tells revents=0x4 for fd=4, expected 0x1", 11, nil},
		{"poll without revents", "+0 poll([{fd=4, events=POLLOUT}], 1, 0) = 1", "poll tells revents=0x4 for fd=4, expected 0x0", 11, nil},
		{"false", "+0 `false`", "the command is false", 11, nil},
		{"blocks", "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n+0 read(4, ..., 10) = 1", "read should return at 0.000000 and still waits at 0.004000", 12, nil},
		{"blocks too long", "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n+0...1 read(4, ..., 10) = 1\n+.5 < P. 1:2(1) ack 1 win 9", "read should return at 1.000000 and returns at 0.500000", 12, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := play(t, drill.Config{}, opened+test.script)
			if r.Verdict != drill.Fail || r.Message != test.message || r.Pos.Line != test.line || !slices.Equal(r.Detail, test.detail) {
				t.Errorf("got %v", r)
			}
		})
	}
}

// What is not understood is a result of its own, with the construct named.
func TestUnsupported(t *testing.T) {
	for script, want := range map[string]string{
		"+0 sendmsg(4, {msg_iov(1)=[{...,9}], msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SO_MARK, cmsg_data=1}]}, 0) = 9": "sendmsg with control messages other than",
		"+0 vmsplice(4, ..., 1, 0) = 10":                    "the call vmsplice is not supported",
		"+0 splice(4, [0], 5, NULL, 10, 0) = 10":            "splice with an offset is not supported",
		"+0 open(\"/etc/hosts\", O_RDONLY) = 5":             "the file /etc/hosts, which the script has not made, is not supported",
		"+0 setsockopt(4, SOL_TCP, TCP_MD5SIG, [1], 4) = 0": "the socket option TCP_MD5SIG of SOL_TCP is not supported",
		"+0 read(4, ..., NO_SUCH_NAME) = 0":                 "the name NO_SUCH_NAME is not supported",
		"+0 %{ assert tcpi_no_such_field == 0 }%":           "the name tcpi_no_such_field is not supported in an assertion",
		"+0 %{ import os }%":                                "is not supported in an assertion",
		"+0 sendmsg(4, {msg_iov(18)=[" + strings.Repeat("{...,1},", 17) + "{...,1}]}, MSG_ZEROCOPY) = 18": "MSG_ZEROCOPY of 18 pieces",
		"+0 `nstat | grep -qv TcpActiveOpens`": "this use of grep is not supported",
		"+0 > icmp unreachable":                "an ICMP message that the host under test sends",
	} {
		r := play(t, drill.Config{}, opened+script)
		if r.Verdict != drill.Unsupported || !strings.Contains(r.Message, want) {
			t.Errorf("%s: got %v, want %q", script, r, want)
		}
	}
}

// Times: ranges, any time, tolerance, and what follows them counts from when it
// was.
func TestTimes(t *testing.T) {
	retransmitted := opened + `
+0 write(4, ..., 10) = 10
+0 > P. 1:11(10) ack 1
`
	for script, want := range map[string]drill.Verdict{
		"+0 > P. 1:11(10) ack 1":                               drill.Fail, // a timeout later
		"+.1~+.3 > P. 1:11(10) ack 1":                          drill.Pass,
		"0~1 > P. 1:11(10) ack 1":                              drill.Pass,
		"+.3~+.5 > P. 1:11(10) ack 1":                          drill.Fail,
		"* > P. 1:11(10) ack 1":                                drill.Pass,
		"* > P. 1:11(10) ack 1\n+.4 > P. 1:11(10) ack 1":       drill.Pass, // doubled, from the first
		"+.1~+.3 > P. 1:11(10) ack 1\n+.2 > P. 1:11(10) ack 1": drill.Fail,
		"+.197 > P. 1:11(10) ack 1":                            drill.Pass, // 3 ms early
		"+.18 > P. 1:11(10) ack 1":                             drill.Pass, // 20 ms of 180
		"+.17 > P. 1:11(10) ack 1":                             drill.Fail,
		"+.19 > P. 1:11(10) ack 1\n+.39 > P. 1:11(10) ack 1":   drill.Pass, // from when it came
	} {
		if r := play(t, drill.Config{}, retransmitted+script); r.Verdict != want {
			t.Errorf("%q: got %v, want %s", script, r, want)
		}
	}
	if r := play(t, drill.Config{}, "--tolerance_usecs=100000\n"+retransmitted+"+.15 > P. 1:11(10) ack 1"); r.Verdict != drill.Pass {
		t.Errorf("with a tolerance of 100 ms: got %v", r)
	}
	if r := play(t, drill.Config{}, "--tolerance_percent=1\n"+retransmitted+"+.195 > P. 1:11(10) ack 1"); r.Verdict != drill.Fail {
		t.Errorf("with a tolerance of 4 ms and 1 %%: got %v", r)
	}
	if r := play(t, drill.Config{Tolerance: 4 * time.Millisecond}, retransmitted+"+.195 > P. 1:11(10) ack 1"); r.Verdict != drill.Fail {
		t.Errorf("with a tolerance of 4 ms alone: got %v", r)
	}
}

// Timestamps of the host begin where the script says; their pace counts where the
// script asks for that.
func TestTimestamps(t *testing.T) {
	const script = `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <mss 1460,sackOK,TS val 500 ecr 0,nop,wscale 8>
+.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,TS val 7 ecr 500>
+0 > . 1:1(0) ack 1 <nop,nop,TS val 600 ecr 7>
+0 < P. 1:2(1) ack 1 win 65535 <nop,nop,TS val 8 ecr 600>
+0 > . 1:1(0) ack 2 <nop,nop,TS val 600 ecr 8>
`
	for text, want := range map[string]drill.Verdict{
		script:                                drill.Pass,
		"--tcp_ts_tick_usecs=1000\n" + script: drill.Pass,
		"--tcp_ts_tick_usecs=1000\n" + strings.ReplaceAll(script, "600", "700"): drill.Fail,
		strings.ReplaceAll(script, "600", "700"):                                drill.Pass,
		strings.ReplaceAll(script, "ecr 8", "ecr 9"):                            drill.Fail,
	} {
		if r := play(t, drill.Config{}, text); r.Verdict != want {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
	}
}

// The same script in another stack's habits.
func TestProfiles(t *testing.T) {
	const script = `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 0 ecr 0>
`
	if r := play(t, drill.Config{Profile: handshake.FreeBSD}, script); r.Verdict != drill.Pass {
		t.Errorf("FreeBSD: got %v", r)
	}
	if r := play(t, drill.Config{}, script); r.Verdict != drill.Fail {
		t.Errorf("Linux: got %v", r)
	}
}

// A script that names its IP version is played in that one, with its cookies.
func TestIPVersion(t *testing.T) {
	const script = "--ip_version=ipv4\n" + `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [1], 4) = 0
+0 < S 0:5(5) win 65535 <mss 1460,FO TFO_COOKIE>
+0 > S. 0:0(0) ack 6 <mss 1460>
`
	if r := play(t, drill.Config{IPv6: true}, script); r.Verdict != drill.Pass {
		t.Errorf("got %v", r)
	}
}

// Every packet is shown to who wants to see them, with the numbers of the script.
func TestTrace(t *testing.T) {
	var got []string
	c := drill.Config{Trace: func(at time.Duration, outgoing bool, _ *wire.Packet, text string) {
		way := "<"
		if outgoing {
			way = ">"
		}
		got = append(got, way+" "+text)
	}}
	play(t, c, opened)
	want := []string{"< S 0:0(0) win 65535 <mss 1460>", "> S. 0:0(0) ack 1 win 65535 <mss 1460>", "< . 1:1(0) ack 1 win 65535"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Quotes hold a value with blanks together: here the sizes of the receive buffer.
func TestQuotes(t *testing.T) {
	quoted := strings.Replace(opened, "sysctl -q", "sysctl -q 'net.ipv4.tcp_rmem=4096 20000 20000' net.ipv4.tcp_sack=\"0\"", 1)
	r := play(t, drill.Config{}, quoted+`
+0 < P. 1:6(5) ack 1 win 65535
+0 > . 1:1(0) ack 6 win 19995
`)
	if r.Verdict != drill.Pass || len(r.Notes) > 0 {
		t.Errorf("got %v, notes %q", r, r.Notes)
	}
	r = play(t, drill.Config{}, opened+"+0 `sysctl -q net.ipv4.tcp_rmem=4096`")
	if r.Verdict != drill.Fail || !strings.Contains(r.Message, `"4096" is not three sizes`) {
		t.Errorf("got %v", r)
	}
}

// The numbers of the script's side count from the SYN that the host has taken: not
// from one that it has refused, and not from one that it takes for a segment.
func TestWhichSynCounts(t *testing.T) {
	r := play(t, drill.Config{}, "`sysctl -q net.ipv4.tcp_timestamps=0`\n"+`
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>
+0 < S. 300:300(0) ack 77 win 65535 <mss 1460>
+0 > R 77:77(0)
+0 < S. 500:500(0) ack 1 win 65535 <mss 1460>
+0 > . 1:1(0) ack 1
+0 < S 700:700(0) win 65535 <mss 1460>
+0 > . 1:1(0) ack 1
+0 < P. 1:6(5) ack 1 win 65535
+0 > . 1:1(0) ack 6
`)
	if r.Verdict != drill.Pass {
		t.Errorf("got %v", r)
	}
}
