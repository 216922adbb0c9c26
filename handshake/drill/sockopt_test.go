package drill_test

import (
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// What is not there is named: kinds of sockets, options, and values of options.
func TestUnsupportedSockets(t *testing.T) {
	for script, want := range map[string]string{
		"+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 5":                    "socket: SOCK_DGRAM is not supported",
		"+0 socket(..., SOCK_RAW, IPPROTO_TCP) = 5":                      "socket: SOCK_RAW is not supported",
		"+0 socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 5":                 "socket: IPPROTO_MPTCP is not supported",
		"+0 setsockopt(4, SOL_TCP, TCP_ULP, \"tls\", 3) = 0":             "the socket option TCP_ULP of SOL_TCP is not supported",
		"+0 setsockopt(4, SOL_TCP, TCP_REPAIR, [1], 4) = 0":              "setsockopt: the value 1 of TCP_REPAIR is not supported",
		"+0 setsockopt(4, SOL_SOCKET, SO_BINDTODEVICE, \"eth0\", 4) = 0": "the socket option SO_BINDTODEVICE of SOL_SOCKET is not supported",
		"+0 setsockopt(4, SOL_IP, 99, [1], 4) = 0":                       "the socket option 99 of SOL_IP is not supported",
		"+0 setsockopt(4, SOL_IPV6, IPV6_MTU, [1280], 4) = 0":            "the socket option IPV6_MTU of SOL_IPV6 is not supported",
		"+0 getsockopt(4, SOL_IP, IP_MTU, [1500], [4]) = 0":              "the socket option IP_MTU of SOL_IP is not supported",
	} {
		r := play(t, drill.Config{}, opened+script)
		if r.Verdict != drill.Unsupported || !strings.Contains(r.Message, want) {
			t.Errorf("%s: got %v, want %q", script, r, want)
		}
	}
}

// Options of IP may be set to what is so anyway.
func TestOptionsOfIP(t *testing.T) {
	const v4 = "+0 setsockopt(4, SOL_IP, IP_RECVERR, [0], 4) = 0\n+0 setsockopt(4, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DO], 4) = 0\n" +
		"+0 getsockopt(4, SOL_IP, IP_TTL, [64], [4]) = 0\n"
	const v6 = "+0 setsockopt(4, SOL_IPV6, IPV6_TCLASS, [0], 4) = 0\n+0 getsockopt(4, SOL_IPV6, IPV6_UNICAST_HOPS, [64], [4]) = 0\n"
	const refused = "+0 setsockopt(4, SOL_IPV6, IPV6_TCLASS, [0], 4) = -1 ENOPROTOOPT\n"
	for _, test := range []struct {
		ipv6   bool
		script string
	}{{false, v4 + refused}, {true, v4 + v6}} {
		if r := play(t, drill.Config{IPv6: test.ipv6}, opened+test.script); r.Verdict != drill.Pass || len(r.Notes) > 0 {
			t.Errorf("IPv6 %v: got %v, notes %q", test.ipv6, r, r.Notes)
		}
	}
}

// recvmsg sets no flags: a script that says some is told so.
func TestReceivedFlags(t *testing.T) {
	const data = "+0 < P. 1:6(5) ack 1 win 65535\n* > . 1:1(0) ack 6\n"
	for flags, want := range map[string]drill.Verdict{
		"msg_flags=0": drill.Pass, "msg_flags=...": drill.Pass, "msg_flags=MSG_TRUNC": drill.Fail,
	} {
		r := play(t, drill.Config{}, opened+data+"+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], "+flags+"}, 0) = 5")
		if r.Verdict != want {
			t.Errorf("%s: got %v, want %s", flags, r, want)
		}
	}
}
