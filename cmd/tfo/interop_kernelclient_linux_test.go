package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake"
)

// e2ePython sends argv[3] to argv[1] port argv[2] with MSG_FASTOPEN and prints the reply.
const e2ePython = `
import socket, sys
host, port, data = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM)
n = s.sendto(data, socket.MSG_FASTOPEN, (host, port))
s.sendall(data[n:])
reply = b''
while chunk := s.recv(65536):
    reply += chunk
sys.stdout.write(reply.decode())
`

// Each program speaks to tfo listen through Linux's own TCP. The second time
// its data goes in the SYN and is taken.
func TestInteropKernelClients(t *testing.T) {
	t.Parallel()
	const http = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
	clients := []struct {
		program     string
		reply, want string
		args        func(server netip.AddrPort) []string
	}{
		{"python3", "hello", "hello", func(a netip.AddrPort) []string {
			return []string{"-c", e2ePython, a.Addr().String(), strconv.Itoa(int(a.Port())), "GET / HTTP/1.0\r\n\r\n"}
		}},
		{"curl", http, "hello", func(a netip.AddrPort) []string {
			return []string{"-gsS", "--noproxy", "*", "--max-time", "20", "--tcp-fastopen", fmt.Sprintf("http://%s/", a)}
		}},
	}
	for _, c := range clients {
		t.Run(c.program, func(t *testing.T) {
			e2eNeed(t, c.program, "ip")
			e2eFamilies(t, func(t *testing.T, ipv6 bool) {
				l := e2eNewLab(t, lab.Config{IPv6: ipv6})
				addr := l.server(ipv6, e2ePort)
				file := filepath.Join(t.TempDir(), "listen.pcapng")
				server := e2eServeText(t, l.Server, addr.String(), "--key", e2eKey, "--reply", c.reply, "--exit-after", "2", "--pcap", file)
				for attempt := range uint64(2) {
					before := e2eCounter(t, l.Client, "TCPFastOpenActive")
					out, err := l.Client.Command(t.Context(), c.program, c.args(addr)...)
					if err != nil {
						t.Fatal(err)
					}
					if string(out) != c.want {
						t.Errorf("%s printed %q, want %q", c.program, out, c.want)
					}
					if got := e2eCounter(t, l.Client, "TCPFastOpenActive") - before; got != attempt {
						t.Errorf("connection %d: TCPFastOpenActive counted %d, want %d", attempt+1, got, attempt)
					}
				}
				cookie := e2eCookie(t, "rfc7413", e2eKey, l.Client.Addr(ipv6), addr.Addr())
				e2eWantMetrics(t, l.Client, addr.Addr(), cookie)
				e2eWantServedTwice(t, server.end())
				e2eDissect(t, file)
			})
		})
	}
}

// e2eWantMetrics wants the kernel's cache to hold our cookie for the server.
func e2eWantMetrics(t *testing.T, client *lab.Host, server netip.Addr, cookie string) {
	t.Helper()
	metrics := e2eSh(t, client, "ip tcp_metrics show "+server.String())
	if want := "fo_cookie " + cookie; !strings.Contains(metrics, want) {
		t.Errorf("ip tcp_metrics = %q, want %q in it", metrics, want)
	}
}

// e2eWantServedTwice wants a connection that got a cookie and one that used it.
func e2eWantServedTwice(t *testing.T, lines []served) {
	t.Helper()
	if len(lines) != 2 {
		t.Fatalf("served %d connections, want 2: %v", len(lines), lines)
	}
	// A line is printed at the end of a connection.
	first, second := lines[0], lines[1]
	if second.SynData == 0 {
		first, second = second, first
	}
	if first.FastOpen != string(handshake.CookieGranted) || first.SynData != 0 || first.Reason != string(handshake.WhyCookieGranted) || first.Close != "orderly" {
		t.Errorf("first connection: %v, want a cookie granted and an orderly close", first)
	}
	if second.FastOpen != string(handshake.Accepted) || second.SynData == 0 || second.Reason != string(handshake.WhyCookieValid) || second.Close != "orderly" {
		t.Errorf("second connection: %v, want data in the SYN accepted and an orderly close", second)
	}
	if first.Received != second.Received || first.Sent != second.Sent {
		t.Errorf("the connections differ: %v and %v", first, second)
	}
}

// Linux keeps and shows the cookies of every scheme, in either form of the
// option, and they are those that tfo cookie make computes.
func TestInteropSchemes(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "ip")
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		for i, scheme := range []string{"rfc7413", "linux", "linux-aes", "freebsd"} {
			addr := l.server(ipv6, e2ePort+uint16(i))
			server := e2eServeText(t, l.Server, addr.String(), "--scheme", scheme, "--key", e2eKey, "--exit-after", "2")
			client := lab.KernelClient{Host: l.Client, Timeout: e2ePatience}
			for attempt := range 2 {
				x, err := client.Exchange(t.Context(), addr, []byte("hello"))
				if err != nil {
					t.Fatal(err)
				}
				if string(x.Reply) != "Hello, Client\n" || x.SynDataAcked != (attempt == 1) {
					t.Errorf("%s: connection %d: reply %q, SYN data acknowledged: %t", scheme, attempt+1, x.Reply, x.SynDataAcked)
				}
			}
			e2eWantServedTwice(t, server.end())
			e2eWantMetrics(t, l.Client, addr.Addr(), e2eCookie(t, scheme, e2eKey, l.Client.Addr(ipv6), addr.Addr()))
			e2eForgetMetrics(t, l.Client)
		}
	})
}

// A cookie that was given under the old key is taken after rotation, and the
// client gets one under the new key with the SYN-ACK (RFC 7413, Section 4.1.2).
func TestInteropKeyRotation(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "ip")
	const newKey = "ffeeddcc-bbaa9988-77665544-33221100"
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		addr := l.server(ipv6, e2ePort)
		client := lab.KernelClient{Host: l.Client, Timeout: e2ePatience}
		exchange := func(keys string) served {
			server := e2eServeText(t, l.Server, addr.String(), "--key", keys, "--exit-after", "1")
			if _, err := client.Exchange(context.Background(), addr, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			return server.one()
		}
		exchange(e2eKey)
		if got := exchange(newKey + "," + e2eKey); got.Reason != string(handshake.WhyCookieOlderKey) || got.SynData != 5 {
			t.Errorf("after rotation: %v, want %q", got, handshake.WhyCookieOlderKey)
		}
		e2eWantMetrics(t, l.Client, addr.Addr(), e2eCookie(t, "rfc7413", newKey, l.Client.Addr(ipv6), addr.Addr()))
		if got := exchange(newKey); got.Reason != string(handshake.WhyCookieValid) || got.SynData != 5 {
			t.Errorf("once the old key is gone: %v, want %q", got, handshake.WhyCookieValid)
		}
	})
}
