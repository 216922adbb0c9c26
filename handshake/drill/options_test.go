package drill_test

import (
	"slices"
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// The ports and addresses of a script are those of its options.
func TestAddressOptions(t *testing.T) {
	const client = `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <...>
+0 < S. 0:0(0) ack 1 win 65535 <mss 1460>
+0 > . 1:1(0) ack 1
+0 getpeername(3, {sa_family=AF_INET, sin_port=htons(4433), sin_addr=inet_addr("198.51.100.9")}, [16]) = 0
`
	r := play(t, drill.Config{}, "--connect_port=4433\n--remote_ip=198.51.100.9/24\n"+client)
	if r.Verdict != drill.Pass || len(r.Notes) > 0 {
		t.Errorf("got %v, notes %q", r, r.Notes)
	}
	r = play(t, drill.Config{}, client)
	if want := "getpeername tells the address 192.0.2.1:8080, expected 198.51.100.9:4433"; r.Message != want {
		t.Errorf("without the options: got %v, want %q", r, want)
	}
	var ends []string
	r = play(t, tracePorts(&ends), "--bind_port=4433\n"+opened+"+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 bind(5, ..., ...) = 0\n"+
		`+0 getsockname(5, {sa_family=AF_INET, sin_port=htons(4433), sin_addr=inet_addr("192.168.0.1")}, [16]) = 0`)
	if want := []string{"40000>4433", "4433>40000", "40000>4433"}; r.Verdict != drill.Pass || !slices.Equal(ends, want) {
		t.Errorf("got %v, ports %q, want %q", r, ends, want)
	}
}

// A value that an option cannot have is a mistake at its place.
func TestWrongOptions(t *testing.T) {
	for _, option := range []string{
		"--bind_port=0", "--connect_port=65536", "--connect_port=http", "--remote_ip=192.0.2.1/99", "--remote_ip=::1", "--local_ip=here",
		"--mtu=67", "--tcp_ts_tick_usecs=-1", "--tolerance_usecs=x", "--tolerance_percent=x", "--tolerance_percent=-1", "--tolerance_percent=101", "--tolerance_percent=nan",
	} {
		name, _, _ := strings.Cut(option, "=")
		if r := play(t, drill.Config{}, option+"\n"+opened); r.Verdict != drill.Fail || !strings.HasPrefix(r.Message, name) || r.Pos.Line != 1 {
			t.Errorf("%s: got %v", option, r)
		}
	}
}

// Segments are put together for a script that expects more than one of them at once,
// unless it counts them.
func TestStrictSegments(t *testing.T) {
	const script = opened + "+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2001(2000) ack 1\n"
	if r := play(t, drill.Config{}, "--strict_segments\n"+script); r.Verdict != drill.Fail || r.Message != "the payload's length differs" {
		t.Errorf("got %v", r)
	}
	if r := play(t, drill.Config{}, script); r.Verdict != drill.Pass {
		t.Errorf("without the option: got %v", r)
	}
}

// Addresses that a script writes in calls are where the packets go.
func TestAddresses(t *testing.T) {
	const remote = `{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("198.51.100.9")}`
	const open = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
	const rest = "+0 > S 0:0(0) <...>\n+0 < S. 0:0(0) ack 1 win 65535 <mss 1460>\n+0 > . 1:1(0) ack 1\n" +
		"+0 getpeername(3, " + remote + ", [16]) = 0\n+0 < R. 1:1(0) ack 1 win 0\n+0 read(3, ..., 5) = -1 ECONNRESET\n"
	for text, want := range map[string]drill.Verdict{
		open + "+0 connect(3, " + remote + ", 16) = -1 EINPROGRESS\n" + rest:                                                                                            drill.Pass,
		open + "+0 connect(3, ..., ...) = -1 EINPROGRESS\n" + rest:                                                                                                      drill.Fail,
		open + "+0 sendto(3, ..., 5, MSG_FASTOPEN, " + remote + ", 16) = -1 EINPROGRESS\n" + rest:                                                                       drill.Pass,
		open + "+0 sendmsg(3, {msg_name(16)=" + remote + ", msg_iov(1)=[{..., 5}], msg_flags=0}, MSG_FASTOPEN) = -1 EINPROGRESS\n" + rest:                               drill.Pass,
		open + "+0 bind(3, " + remote + ", 16) = -1 EADDRNOTAVAIL\n":                                                                                                    drill.Pass,
		open + "+0 bind(3, {sa_family=AF_INET, sin_port=htons(99), sin_addr=INADDR_ANY}, 16) = 0\n+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>": drill.Pass,
		opened + "+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 9\n" +
			"+0 accept(3, {sa_family=AF_INET, sin_port=htons(40001), sin_addr=inet_addr(\"192.0.2.1\")}, [16]) = 5": drill.Pass,
		opened + "+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 9\n" +
			"+0 accept(3, {sa_family=AF_INET, sin_port=htons(40000), sin_addr=inet_addr(\"192.0.2.1\")}, [16]) = 5": drill.Fail,
	} {
		if r := play(t, drill.Config{}, text); r.Verdict != want {
			t.Errorf("%s: got %v, want %s", text, r, want)
		}
	}
}
