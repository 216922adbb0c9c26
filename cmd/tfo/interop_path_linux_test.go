package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
)

// e2eData is sent by the clients of these tests; it makes a SYN that carries it
// longer than e2eLongSyn.
var e2eData = strings.Repeat("once only ", 20)

// e2eLongSyn is between the lengths of IP packets with a SYN and with a SYN and
// e2eData, in bytes.
const e2eLongSyn = 150

// An e2eSide is a server that counts what it gets, ours or the kernel's.
type e2eSide struct {
	name string
	// serve listens, runs f, and wants one connection with the data, once. It
	// returns what our server says of it, nothing for the kernel's.
	serve func(t *testing.T, l *e2eLab, addr netip.AddrPort, fastOpen bool, f func()) served
}

var e2eSides = []e2eSide{
	{"ours", func(t *testing.T, l *e2eLab, addr netip.AddrPort, fastOpen bool, f func()) served {
		t.Helper()
		args := []string{addr.String(), "--echo", "--exit-after", "1", "--scheme", "linux", "--key", e2eKey}
		if !fastOpen {
			args = append(args, "--no-fast-open")
		}
		s := e2eServeText(t, l.Server, args...)
		f()
		got := s.one()
		if int(got.Received) != len(e2eData) || int(got.Sent) != len(e2eData) || got.Close != "orderly" {
			t.Errorf("tfo listen: %v, want %d bytes received and echoed", got, len(e2eData))
		}
		return got
	}},
	{"kernel", func(t *testing.T, l *e2eLab, addr netip.AddrPort, fastOpen bool, f func()) served {
		t.Helper()
		s := e2eKernelServe(t, l.Server, addr, fastOpen, e2eData)
		f()
		s.close()
		s.wantOnce(t, e2eData)
		return served{}
	}},
}

// e2eServers runs a test for both servers and both families.
func e2eServers(t *testing.T, cfg lab.Config, f func(t *testing.T, l *e2eLab, side e2eSide, ipv6 bool)) {
	for _, side := range e2eSides {
		t.Run(side.name, func(t *testing.T) {
			e2eFamilies(t, func(t *testing.T, ipv6 bool) {
				cfg := cfg
				cfg.IPv6 = ipv6
				f(t, e2eNewLab(t, cfg), side, ipv6)
			})
		})
	}
}

// send is one tfo connect that has to get its data back.
func (l *e2eLab) send(addr netip.AddrPort, args ...string) result {
	l.t.Helper()
	got := l.connect(exitDone, append([]string{addr.String(), "-d", e2eData}, args...)...)
	if string(got.Reply) != e2eData || int(got.Sent) != len(e2eData) || int(got.Received) != len(e2eData) {
		l.t.Errorf("tfo connect: %+v, want the data back", got)
	}
	return got
}

// wantOutcome fails the test unless a connection ended so for Fast Open.
func wantE2eOutcome(t *testing.T, what string, got result, outcome handshake.Outcome, why string) {
	t.Helper()
	if got.FastOpen != string(outcome) || got.Reason != why {
		t.Errorf("%s: %s: %s, want %s: %s", what, got.FastOpen, got.Reason, outcome, why)
	}
}

// wantE2eBlocked wants a plain connection because of what happened before.
func wantE2eBlocked(t *testing.T, got result, reason cookie.Reason) {
	t.Helper()
	wantE2eOutcome(t, "next connection", got, handshake.Disabled, fmt.Sprintf("%s: %s", handshake.WhyBlocked, reason))
	if got.SynOption != "none" || got.SynData != 0 || got.SynRetransmits != 0 {
		t.Errorf("next connection: %+v, want a plain SYN that gets through", got)
	}
}

// A cookie of any length that a SYN has room for is shown; none of them is right.
func TestInteropCookieLengths(t *testing.T) {
	t.Parallel()
	e2eServers(t, lab.Config{}, func(t *testing.T, l *e2eLab, side e2eSide, ipv6 bool) {
		addr := l.server(ipv6, e2ePort)
		right := e2eCookie(t, "linux", e2eKey, l.Client.Addr(ipv6), addr.Addr())
		const longest = 34 // beside the MSS alone
		for n := 1; n <= longest; n++ {
			if ipv6 && n > cookie.MinLen && n < longest && n%8 > 2 {
				continue // the option is the same: a few of each class will do
			}
			want := e2eWrongCookie(n, right)
			var got result
			line := side.serve(t, l, addr, true, func() { got = l.send(addr, "--cookie", e2eBytes(n)) })
			if string(got.FastOpen) == "" || got.FastOpen != want.client.FastOpen || got.Reason != want.client.Reason || got.SynAckCookie != want.client.SynAckCookie || got.SynData != want.client.SynData {
				t.Errorf("cookie of %d bytes: %+v, want %+v", n, got, want.client)
			}
			if side.name == "ours" && (line.FastOpen != want.server.FastOpen || line.Reason != want.server.Reason) {
				t.Errorf("cookie of %d bytes: tfo listen: %v, want %v", n, line, want.server)
			}
		}
	})
}

type e2eBothEnds struct {
	client result
	server served
}

// e2eWrongCookie is what a wrong cookie of n bytes leads to.
func e2eWrongCookie(n int, right string) e2eBothEnds {
	if n < cookie.MinLen || n > cookie.MaxLen || n%2 != 0 {
		// RFC 7413, Section 4.1.1: the option is ignored.
		return e2eBothEnds{
			result{FastOpen: string(handshake.Rejected), Reason: string(handshake.WhyDataNotAcked), SynData: len(e2eData)},
			served{FastOpen: string(handshake.OutcomeNotAsked), Reason: string(handshake.WhyIllegalLength)},
		}
	}
	return e2eBothEnds{
		result{FastOpen: string(handshake.Rejected), Reason: string(handshake.WhyCookieReplaced), SynAckCookie: right, SynData: len(e2eData)},
		served{FastOpen: string(handshake.Rejected), Reason: string(handshake.WhyCookieInvalid)},
	}
}

// A server without Fast Open: neither requests nor SYN data help, and the client
// remembers it for that port alone.
func TestInteropServerWithout(t *testing.T) {
	t.Parallel()
	e2eServers(t, lab.Config{}, func(t *testing.T, l *e2eLab, side e2eSide, ipv6 bool) {
		with, without, also := l.server(ipv6, e2ePort), l.server(ipv6, e2ePort+1), l.server(ipv6, e2ePort+2)
		send := func(addr netip.AddrPort, args ...string) (got result) {
			line := side.serve(t, l, addr, addr == with, func() { got = l.send(addr, args...) })
			if side.name == "ours" && addr != with && got.SynOption != "none" && line.Reason != string(handshake.WhyGateOff) {
				t.Errorf("tfo listen: %v, want %s", line, handshake.WhyGateOff)
			}
			return got
		}
		wantE2eOutcome(t, "request", send(without), handshake.Fallback, string(handshake.WhyNoCookie))
		wantE2eBlocked(t, send(without), cookie.NoCookie)

		wantE2eOutcome(t, "other port", send(with), handshake.CookieReceived, string(handshake.WhyCookieGranted))
		wantE2eOutcome(t, "other port again", send(with), handshake.Accepted, string(handshake.WhyAllAcked))

		wantE2eOutcome(t, "SYN data", send(also), handshake.Rejected, string(handshake.WhyDataNotAcked))
		wantE2eBlocked(t, send(also), cookie.DataNotAcked)
		wantE2eOutcome(t, "other port still", send(with), handshake.Accepted, string(handshake.WhyAllAcked))
	})
}

// Fast Open off for the whole kernel.
func TestInteropSysctlOff(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		if err := l.Server.Sysctl("net.ipv4.tcp_fastopen", "0"); err != nil {
			t.Fatal(err)
		}
		addr := l.server(ipv6, e2ePort)
		kernel := e2eSides[1]
		kernel.serve(t, l, addr, false, func() {
			wantE2eOutcome(t, "request", l.send(addr), handshake.Fallback, string(handshake.WhyNoCookie))
		})
		kernel.serve(t, l, addr, false, func() { wantE2eBlocked(t, l.send(addr), cookie.NoCookie) })
	})
}

// A middlebox is something that a router does to what it forwards from and to
// e2ePort. Its commands have %s where the program for the family goes.
type e2eMiddlebox struct {
	name     string
	programs []string
	on       func(ipv6 bool) string
	// A first connection and one with a cookie meet the middlebox so.
	request, data   handshake.Outcome
	requestWhy      handshake.Why
	dataWhy         handshake.Why
	requestBlock    cookie.Reason
	dataBlock       cookie.Reason
	requestOnServer handshake.Why
	dataOnServer    handshake.Why
	lost            int // how many SYNs
}

func e2eStrip(ipv6 bool) string {
	program := "iptables"
	if ipv6 {
		program = "ip6tables"
	}
	rule := program + " -t mangle -A FORWARD -p tcp --tcp-flags SYN SYN --%sport %d -j TCPOPTSTRIP --strip-options 34\n"
	return fmt.Sprintf(rule+rule, "d", e2ePort, "s", e2ePort)
}

// e2eLose makes nft lose SYNs to the port.
func e2eLose(condition string) func(bool) string {
	return func(bool) string {
		return fmt.Sprintf(`nft "add table inet path; add chain inet path forward { type filter hook forward priority 0; };
			add rule inet path forward tcp dport %d tcp flags & (syn|ack) == syn %s drop"`, e2ePort, condition)
	}
}

var e2eMiddleboxes = []e2eMiddlebox{
	{
		name: "option stripped", programs: []string{"iptables", "ip6tables"}, on: e2eStrip,
		request: handshake.Fallback, requestWhy: handshake.WhyNoCookie, requestBlock: cookie.NoCookie, requestOnServer: handshake.WhyNoOption,
		data: handshake.Rejected, dataWhy: handshake.WhyDataNotAcked, dataBlock: cookie.DataNotAcked, dataOnServer: handshake.WhyNoOption,
	},
	{
		name: "SYN with data lost", programs: []string{"nft"}, on: e2eLose(fmt.Sprintf("meta length > %d", e2eLongSyn)),
		request: handshake.CookieReceived, requestWhy: handshake.WhyCookieGranted, requestOnServer: handshake.WhyCookieGranted,
		data: handshake.Fallback, dataWhy: handshake.WhyRetransmitted, dataBlock: cookie.NoSynAck, dataOnServer: handshake.WhyNoOption, lost: 1,
	},
	{
		name: "SYN with option lost", programs: []string{"nft"}, on: e2eLose("tcp option 34 exists"),
		request: handshake.Fallback, requestWhy: handshake.WhyRetransmitted, requestBlock: cookie.NoSynAck, requestOnServer: handshake.WhyNoOption,
		data: handshake.Fallback, dataWhy: handshake.WhyRetransmitted, dataBlock: cookie.NoSynAck, dataOnServer: handshake.WhyNoOption, lost: 1,
	},
}

// Middleboxes of the kinds of RFC 7413, Section 7.1: the data arrives once all
// the same, both ends say what happened, and the next connection is plain.
func TestInteropMiddleboxes(t *testing.T) {
	t.Parallel()
	for _, box := range e2eMiddleboxes {
		t.Run(box.name, func(t *testing.T) {
			t.Parallel()
			e2eNeed(t, box.programs...)
			e2eServers(t, lab.Config{Router: true}, func(t *testing.T, l *e2eLab, side e2eSide, ipv6 bool) {
				box.meet(t, l, side, ipv6)
			})
		})
	}
}

func (b *e2eMiddlebox) meet(t *testing.T, l *e2eLab, side e2eSide, ipv6 bool) {
	addr, other := l.server(ipv6, e2ePort), l.server(ipv6, e2ePort+1)
	send := func(addr netip.AddrPort) (got result, line served) {
		line = side.serve(t, l, addr, true, func() { got = l.send(addr) })
		return got, line
	}
	check := func(what string, outcome handshake.Outcome, why handshake.Why, block cookie.Reason, onServer handshake.Why) {
		t.Helper()
		got, line := send(addr)
		wantE2eOutcome(t, what, got, outcome, string(why))
		if side.name == "ours" && line.Reason != string(onServer) {
			t.Errorf("%s: tfo listen: %v, want %s", what, line, onServer)
		}
		if lost := map[bool]int{true: b.lost}[why == handshake.WhyRetransmitted]; got.SynRetransmits != lost {
			t.Errorf("%s: %d SYNs sent again, want %d", what, got.SynRetransmits, lost)
		}
		if block != "" {
			next, _ := send(addr)
			wantE2eBlocked(t, next, block)
		}
	}
	e2eSh(t, l.Router, b.on(ipv6))
	check("request", b.request, b.requestWhy, b.requestBlock, b.requestOnServer)
	// Another port has no middlebox; its cookie is good for the first one, too.
	e2eTfo(t, l.Client, "cookie", "cache", "--cache", l.cache, "--clear").want(t, exitDone)
	got, _ := send(other)
	wantE2eOutcome(t, "other port", got, handshake.CookieReceived, string(handshake.WhyCookieGranted))
	check("SYN data", b.data, b.dataWhy, b.dataBlock, b.dataOnServer)
	got, _ = send(other)
	wantE2eOutcome(t, "other port after that", got, handshake.Accepted, string(handshake.WhyAllAcked))
}

// Linux's client behind the same middleboxes: tfo listen gets its data once.
func TestInteropMiddleboxesKernelClient(t *testing.T) {
	t.Parallel()
	for _, box := range e2eMiddleboxes {
		t.Run(box.name, func(t *testing.T) {
			t.Parallel()
			e2eNeed(t, box.programs...)
			e2eFamilies(t, func(t *testing.T, ipv6 bool) {
				l := e2eNewLab(t, lab.Config{Router: true, IPv6: ipv6})
				addr := l.server(ipv6, e2ePort)
				client := lab.KernelClient{Host: l.Client, Timeout: e2ePatience}
				exchange := func(port uint16) served {
					addr := netip.AddrPortFrom(addr.Addr(), port)
					s := e2eServeText(t, l.Server, addr.String(), "--key", e2eKey, "--reply", e2eData, "--exit-after", "1")
					x, err := client.Exchange(context.Background(), addr, []byte(e2eData))
					if err != nil {
						t.Fatal(err)
					}
					got := s.one()
					if string(x.Reply) != e2eData || int(got.Received) != len(e2eData) {
						t.Errorf("reply %q to %v, want the data once each way", x.Reply, got)
					}
					return got
				}
				exchange(e2ePort + 1) // learns a cookie
				e2eSh(t, l.Router, box.on(ipv6))
				if got := exchange(e2ePort); got.Reason != string(box.dataOnServer) {
					t.Errorf("tfo listen: %v, want %s", got, box.dataOnServer)
				}
			})
		})
	}
}
