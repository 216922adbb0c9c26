package drill_test

import (
	"os"
	"path/filepath"
	"testing"

	"tfocraft/handshake"
	"tfocraft/handshake/drill"
)

// Whatever a script says, playing it ends, with one of the three verdicts.
func FuzzRun(f *testing.F) {
	for _, dir := range []string{"../testdata/drill/client", "../testdata/drill/server", "../testdata/drill/tcp", callScripts} {
		for _, file := range scriptsBelow(f, dir) {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, false, false)
		}
	}
	for _, text := range oddities {
		f.Add([]byte(opened+text), false, false)
		f.Add([]byte(opened+text), true, false)
	}
	f.Fuzz(func(t *testing.T, text []byte, ipv6, freebsd bool) {
		c := drill.Config{IPv6: ipv6}
		if freebsd {
			c.Profile = handshake.FreeBSD
		}
		s, err := drill.Read("fuzz.pkt", text, c, nil)
		if err != nil {
			return
		}
		switch r := drill.Run(s, c); {
		case r.Verdict != drill.Pass && r.Message == "":
			t.Errorf("%s without a message", r.Verdict)
		case r.Verdict != drill.Pass && r.Verdict != drill.Fail && r.Verdict != drill.Unsupported:
			t.Errorf("verdict %q", r.Verdict)
		}
	})
}

// oddities are what the project's scripts have no use for.
var oddities = []string{
	"+0 `sleep 0.5; sysctl -q net.ipv4.tcp_no_such_setting=1 || echo 0 > /proc/sys/net/ipv4/tcp_sack`",
	"+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0\n+0 < P. 1:6(5) ack 1 win 9\n" +
		"+0 epoll_create(1) = 6\n+0 epoll_ctl(6, EPOLL_CTL_ADD, 5, {events=EPOLLIN, fd=5}) = 0\n+0 epoll_wait(6, {events=EPOLLIN, fd=5}, 1, 0) = 1\n" +
		"+0 epoll_ctl(5, EPOLL_CTL_ADD, 6, {events=EPOLLIN, fd=5}) = -1 ELOOP",
	"+0 < 1234 > 8080 [ect0] . 1:1(0) ack 1 win 9\n+0 < 1234 > 8080 S 0:60000(60000) win 9 <TS val 1 ecr 2>",
	"+0 write(4, ..., 5) = 5\n+0 > [flowlabel 0x123] P. 1:6(5) ack 1",
	"+0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 5\n" +
		"+0 connect(5, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr(\"198.51.100.9\")}, 16) = -1 EINPROGRESS\n+0 > S 0:0(0) <...>\n" +
		"+0 %{ assert tcpi_state == TCP_SYN_SENT and tcpi_rto == 1000000 }%\n" +
		"+0 getsockname(5, {sa_family=AF_INET, sin_port=..., sin_addr=inet_addr(\"192.168.0.1\")}, [16]) = 0",
}
