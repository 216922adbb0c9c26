package main

import (
	"path/filepath"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake"
)

// Two runs of tfo connect, each a process of its own, are a first and a second
// connection to a kernel's server.
func TestInteropKernelServer(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"", "--experimental"} {
		t.Run("form"+form, func(t *testing.T) {
			e2eFamilies(t, func(t *testing.T, ipv6 bool) { testTwoRuns(t, ipv6, form) })
		})
	}
}

func testTwoRuns(t *testing.T, ipv6 bool, form string) {
	l := e2eNewLab(t, lab.Config{IPv6: ipv6})
	addr := l.server(ipv6, e2ePort)
	server := e2eKernelServe(t, l.Server, addr, true, "hello")
	cookie := e2eCookie(t, "linux", e2eKey, l.Client.Addr(ipv6), addr.Addr())
	want := []result{
		{SynOption: "request", SynAckOption: "cookie", SynAckCookie: cookie, FastOpen: string(handshake.CookieReceived), Reason: string(handshake.WhyCookieGranted)},
		{SynOption: "cookie", SynCookie: cookie, SynData: 4, SynAckOption: "none", SynAckAcked: 4, FastOpen: string(handshake.Accepted), Reason: string(handshake.WhyAllAcked)},
	}
	for attempt, want := range want {
		before := e2eCounter(t, l.Server, "TCPFastOpenPassive")
		file := filepath.Join(t.TempDir(), "connect.pcapng")
		args := l.connectArgs(addr.String(), "-d", "ping", "--pcap", file)
		if form != "" {
			args = append(args, form)
		}
		got := e2eOne(t, e2eCommand(args...).start(t, l.Client).wait().want(t, exitDone))
		e2eWantFastOpen(t, got, want)
		if got.Sent != 4 || got.Received != 5 || string(got.Reply) != "hello" || got.Error != "" {
			t.Errorf("connection %d: %+v, want 4 bytes sent and the reply", attempt+1, got)
		}
		if got := e2eCounter(t, l.Server, "TCPFastOpenPassive") - before; got != uint64(attempt) {
			t.Errorf("connection %d: TCPFastOpenPassive counted %d, want %d", attempt+1, got, attempt)
		}
		server.wantOnce(t, "ping")
		// Wireshark does not know the experimental form's cookie by this name.
		if form == "" {
			e2eAgree(t, file, []result{got})
		}
	}
}

// e2eWantFastOpen compares what two results say of Fast Open.
func e2eWantFastOpen(t *testing.T, got, want result) {
	t.Helper()
	type story struct {
		SynOption, SynCookie       string
		SynData                    int
		SynAckOption, SynAckCookie string
		Acked, SynRetransmits      int
		FastOpen, Reason           string
	}
	of := func(r *result) story {
		return story{r.SynOption, r.SynCookie, r.SynData, r.SynAckOption, r.SynAckCookie, r.SynAckAcked, r.SynRetransmits, r.FastOpen, r.Reason}
	}
	if of(&got) != of(&want) {
		t.Errorf("Fast Open:\n got %+v\nwant %+v", of(&got), of(&want))
	}
}

// A kernel and tfo listen with the same key take each other's cookies, whatever
// TCP the client has.
func TestInteropSharedKey(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		addr := l.server(ipv6, e2ePort)
		kernel := func(f func()) {
			s := e2eKernelServe(t, l.Server, addr, true, "hello")
			f()
			s.close()
			s.wantOnce(t, "ping")
		}
		ours := func(f func()) {
			s := e2eServe(t, l.Server, addr.String(), "--scheme", "linux", "--key", e2eKey, "--exit-after", "1")
			f()
			if got := s.one(); got.Received != 4 {
				t.Errorf("tfo listen: %v, want 4 bytes received", got)
			}
		}
		connect := func(want handshake.Outcome) func() {
			return func() {
				if got := l.connect(exitDone, addr.String(), "-d", "ping"); got.FastOpen != string(want) {
					t.Errorf("tfo connect: %s: %s, want %s", got.FastOpen, got.Reason, want)
				}
			}
		}
		kernelClient := func(want bool) func() {
			return func() {
				c := e2eKernelDial(t, l.Client, addr)
				e2eSendAll(t, c, "ping")
				if got := e2eSynDataAcked(t, c); got != want {
					t.Errorf("kernel client: SYN data acknowledged: %t, want %t", got, want)
				}
				c.Close()
			}
		}
		kernel(connect(handshake.CookieReceived))
		ours(connect(handshake.Accepted))
		e2eTfo(t, l.Client, "cookie", "cache", "--cache", l.cache, "--clear").want(t, exitDone)
		ours(connect(handshake.CookieReceived))
		kernel(connect(handshake.Accepted))

		e2eNeed(t, "ip")
		kernel(kernelClient(false))
		ours(kernelClient(true))
		e2eForgetMetrics(t, l.Client)
		ours(kernelClient(false))
		kernel(kernelClient(true))
	})
}
