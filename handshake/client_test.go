package handshake

import (
	"testing"
	"time"

	"tfocraft/cookie"
)

const aCookie = "a24e1d399638e060"

// First contact: the SYN asks for a cookie and carries no data; the data goes
// with the first ACK. RFC 7413, Section 4.2.1 (T-06, T-08, T-12, T-15, T-48,
// T-49, T-69).
func TestCookieRequest(t *testing.T) {
	c := plainConfig()
	c.FastOpen.Mode = ClientOn
	h := startClient(t, c, "hello")
	h.want("S 0:0(0) win 65535 <mss 1460,FO,nop,nop>")
	h.in("S. 0:0(0) ack 1 <mss 1440,FO a24e1d399638e060>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantIdle()
	h.wantState(Established)
	h.wantLearnt(aCookie, 1440)
	h.wantOutcome(CookieReceived, WhyCookieGranted)
	h.wantBlocked("")
}

// Second contact: cookie and data in the SYN, both acknowledged (T-08, T-53,
// T-57, T-70).
func TestDataInSyn(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) win 65535 <mss 1460,FO a24e1d399638e060,nop,nop>")
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want(". 6:6(0) ack 1")
	h.wantIdle()
	h.wantOutcome(Accepted, WhyAllAcked)
	h.wantBlocked("")
	h.in("P. 1:4(3) ack 6", "you")
	h.wantRead("you")
	h.closeWrite()
	h.want("F. 6:6(0) ack 4")
	h.in("F. 4:4(0) ack 7", "")
	h.want(". 7:7(0) ack 5")
	h.wantState(TimeWait)
	h.wait(60 * time.Second)
	h.wantEnd(nil)
	h.wantEOF(true)
}

// A client that was not asked to sends a plain SYN, and its data after the
// handshake (T-01, T-04).
func TestPlainClient(t *testing.T) {
	h := startClient(t, plainConfig(), "hello")
	h.want("S 0:0(0) win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 1 <mss 1460,FO a24e1d399638e060>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Disabled, WhyNotAsked)
	if len(h.learn) != 0 {
		t.Errorf("a client without Fast Open learnt %v", h.learn)
	}
}

// A path that is blocked is opened plainly, and Info says why (T-41).
func TestBlockedPath(t *testing.T) {
	c := plainConfig()
	c.FastOpen = ClientFastOpen{OffBecause: cookie.DataNotAcked}
	h := startClient(t, c, "hello")
	h.want("S 0:0(0) win 65535 <mss 1460>")
	h.wantOutcome(Disabled, WhyBlocked)
	if got := h.m.Info().FastOpen.BlockedBy; got != cookie.DataNotAcked {
		t.Errorf("blocked by: got %q, want %q", got, cookie.DataNotAcked)
	}
}

// How much data a SYN carries: the cached MSS, or the default without one, less
// the room of the options, and never more than the path takes (T-35, T-36,
// T-37, T-53, L-10).
func TestSynDataLimit(t *testing.T) {
	for _, test := range []struct {
		name      string
		cachedMSS uint16
		mss       int
		ipv6      bool
		write     int
		want      int
	}{
		{"all fits", 1460, 1460, false, 5, 5},
		{"cached MSS", 1000, 1460, false, 5000, 960},
		{"cached MSS 940", 940, 1460, false, 5000, 900},
		{"MSS not known, IPv4", 0, 1460, false, 5000, 496},
		{"MSS not known, IPv6", 0, 1440, true, 5000, 1180},
		{"cached MSS larger than the path", 10000, 1460, false, 5000, 1420},
		{"absurd MSS", 1, 1460, false, 5000, 8},
		{"nothing written", 1460, 1460, false, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := withCookie(aCookie)
			c.FastOpen.MSS, c.MSS, c.IPv6 = test.cachedMSS, test.mss, test.ipv6
			h := startClient(t, c, bytesOf(test.write))
			syn := h.sent[0]
			if got := len(syn.Payload); got != test.want {
				t.Errorf("data in the SYN: got %d, want %d", got, test.want)
			}
			if !syn.Options.FastOpen().Present {
				t.Error("no cookie in the SYN")
			}
		})
	}
}

// With a cookie and nothing to send, the SYN has the cookie and no data: a
// plain connect that is still a Fast Open (T-66, T-90).
func TestCookieWithoutData(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "")
	h.want("S 0:0(0) <mss 1460,FO a24e1d399638e060,nop,nop>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
	h.wantOutcome(Fallback, WhyNoData)
	h.wantBlocked("")
}

// What is written after the SYN went out waits for the handshake (T-54).
func TestWriteAfterSyn(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.write("world")
	h.wantIdle()
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want("P. 6:11(5) ack 1")
}

// A part of the data is acknowledged: the rest goes at once (T-70, T-76, L-11).
func TestPartlyAcknowledged(t *testing.T) {
	h := startClient(t, withCookie(aCookie), bytesOf(800))
	h.want("S 0:800(800) <...>")
	h.in("S. 0:0(0) ack 101 <mss 1460>", "")
	s := h.want("P. 101:801(700) ack 1")
	if got, want := string(s.Payload), bytesOf(800)[100:]; got != want {
		t.Errorf("got %.20q..., want %.20q...", got, want)
	}
	h.wantOutcome(Accepted, WhyPartlyAcked)
	h.wantBlocked("")
	if got := h.m.Info().FastOpen.SynAcked; got != 100 {
		t.Errorf("SynAcked: got %d, want 100", got)
	}
}

// Nothing is acknowledged and the SYN-ACK has no window: a bare ACK in sequence,
// so that the server gets its handshake done.
func TestDataNotAcknowledgedNoWindow(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 1 win 0 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
	h.wantIdle()
	h.in(". 1:1(0) ack 1 win 100", "")
	h.want("P. 1:6(5) ack 1")
}

// Only the SYN is acknowledged but a new cookie comes: the old one was stale,
// the path is fine (T-42).
func TestStaleCookie(t *testing.T) {
	h := startClient(t, withCookie("0000000011111111"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 1 <mss 1440,FO a24e1d399638e060>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Rejected, WhyCookieReplaced)
	h.wantLearnt(aCookie, 1440)
	h.wantBlocked("")
}

// Cookies of a length that RFC 7413 does not allow are not stored, the MSS is
// (T-17).
func TestIllegalCookieInSynAck(t *testing.T) {
	for _, fo := range []string{"FO", "FO 11", "FO 1122", "FO 112233", "FO 1122334455", "FO 112233445566778899aabbccddeeff0011ff"} {
		t.Run(fo, func(t *testing.T) {
			h := startClient(t, withCookie(aCookie), "hello")
			h.want("S 0:5(5) <...>")
			h.in("S. 0:0(0) ack 6 <mss 940,"+fo+">", "")
			h.wantLearnt("", 940)
			h.wantOutcome(Accepted, WhyAllAcked)
		})
	}
}

// Every legal cookie is stored; one of zeros is a cookie like any other (T-14,
// T-22, T-69).
func TestLegalCookieInSynAck(t *testing.T) {
	for _, hex := range []string{"00000000", "112233445566", aCookie, "00112233445566778899", "00112233445566778899aabbccddeeff"} {
		t.Run(hex, func(t *testing.T) {
			c := plainConfig()
			c.FastOpen.Mode = ClientOn
			h := startClient(t, c, "hello")
			h.want("S 0:0(0) <mss 1460,FO,nop,nop>")
			h.in("S. 0:0(0) ack 1 <mss 1460,FO "+hex+">", "")
			h.wantLearnt(hex, 1460)
			h.wantOutcome(CookieReceived, WhyCookieGranted)
		})
	}
}

// The experimental form is sent where it was learnt, and learnt as such (L-03,
// T-94).
func TestExperimentalForm(t *testing.T) {
	c := plainConfig()
	c.FastOpen = ClientFastOpen{Mode: ClientOn, Experimental: true}
	h := startClient(t, c, "hello")
	h.want("S 0:0(0) <mss 1460,FOEXP>")
	h.in("S. 0:0(0) ack 1 <mss 1460,FOEXP a24e1d399638e060>", "")
	h.wantLearnt(aCookie, 1460)
	if !h.learn[len(h.learn)-1].Experimental {
		t.Error("the cookie was not learnt as experimental")
	}
	c.FastOpen.Cookie = mustCookie(aCookie)
	c.FastOpen.MSS = 1460
	h = startClient(t, c, "hello")
	h.want("S 0:5(5) <mss 1460,FOEXP a24e1d399638e060>")
	if !h.m.Info().FastOpen.Experimental {
		t.Error("Info does not say experimental")
	}
}

// Data in the SYN-ACK is taken where Fast Open was tried (T-71, L-16).
func TestDataInSynAck(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:7(7) ack 6 <mss 1460>", "welcome")
	h.want(". 6:6(0) ack 8")
	h.wantRead("welcome")
	if got := h.m.Info().FastOpen.SynAckData; got != 7 {
		t.Errorf("SynAckData: got %d, want 7", got)
	}
}

// On any other connection it has to come again (T-71).
func TestDataInSynAckPlain(t *testing.T) {
	h := startClient(t, plainConfig(), "")
	h.want("S 0:0(0) <...>")
	h.in("S. 0:7(7) ack 1 <mss 1460>", "welcome")
	h.want(". 1:1(0) ack 1")
	h.wantRead("")
	h.in("P. 1:8(7) ack 1", "welcome")
	h.wantRead("welcome")
}

// A SYN-ACK with data and FIN is the whole response (T-72).
func TestFinInSynAck(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("SF. 0:1400(1400) ack 6 <mss 1460>", bytesOf(1400))
	h.want(". 6:6(0) ack 1402")
	h.wantRead(bytesOf(1400))
	h.wantEOF(true)
	h.wantState(CloseWait)
	h.close()
	h.want("F. 6:6(0) ack 1402")
	h.in(". 1402:1402(0) ack 7", "")
	h.wantEnd(nil)
}

// Data in a SYN-ACK is taken where the server has accepted ours, or could have: not
// where a cookie was only asked for, and not where ours was left out (T-71).
func TestDataInSynAckUnasked(t *testing.T) {
	for _, test := range []struct {
		cookie, written, ack string
		taken                bool
	}{
		{"", "", "1", false},
		{"", "hello", "1", false},
		{aCookie, "", "1", true},
		{aCookie, "hello", "1", false},
		{aCookie, "hello", "3", true},
		{aCookie, "hello", "6", true},
	} {
		c := plainConfig()
		c.FastOpen.Mode = ClientOn
		if test.cookie != "" {
			c = withCookie(test.cookie)
		}
		h := startClient(t, c, test.written)
		h.in("SF. 0:10(10) ack "+test.ack+" <mss 1460>", bytesOf(10))
		want := ""
		if test.taken {
			want = bytesOf(10)
		}
		h.wantRead(want)
		h.wantEOF(test.taken)
	}
}

// Without a cookie to ask for or to show, data goes without an option, and
// cookies that come unasked are not stored; the MSS is (T-89).
func TestCookieless(t *testing.T) {
	c := plainConfig()
	c.FastOpen = ClientFastOpen{Mode: ClientNoCookie, MSS: 1460}
	h := startClient(t, c, "hello")
	h.want("S 0:5(5) win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 6 <mss 1460,FO a24e1d399638e060>", "")
	h.want(". 6:6(0) ack 1")
	h.wantOutcome(Accepted, WhyAllAcked)
	h.wantLearnt("", 1460) // the MSS is of use all the same
}

// A close of the sending side that comes before the handshake is done follows
// the data.
func TestCloseWriteBeforeHandshake(t *testing.T) {
	for _, before := range []bool{true, false} {
		h := &harness{t: t, now: epoch, m: NewClient(withCookie(aCookie))}
		h.write("hello")
		if before {
			h.closeWrite()
		}
		h.take(h.m.Open(h.now, h.out[:0]))
		h.closeWrite()
		h.want("S 0:5(5) <...>")
		h.wantIdle()
		h.in("S. 0:0(0) ack 6 <mss 1460>", "")
		h.want("F. 6:6(0) ack 1")
		h.wantState(FinWait1)
	}
}

// A Fast Open option after the handshake means nothing (T-18).
func TestOptionAfterHandshake(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want(". 6:6(0) ack 1")
	learnt := len(h.learn)
	h.in("P. 1:4(3) ack 6 <FO 1122334455667788>", "you")
	h.wantRead("you")
	if len(h.learn) != learnt {
		t.Errorf("learnt %v", h.learn[learnt:])
	}
}

// Info tells what was on the wire.
func TestClientInfo(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.now = h.now.Add(20 * time.Millisecond)
	h.in("S. 0:0(0) ack 6 <mss 1460,FO 1122334455667788>", "")
	got := h.m.Info()
	want := FastOpenInfo{
		Outcome: Accepted, Why: WhyAllAcked, SynOption: OptionCookie, SynCookie: mustCookie(aCookie), SynData: 5,
		SynAckOption: OptionCookie, SynAckCookie: mustCookie("1122334455667788"), SynAcked: 5,
	}
	if got.FastOpen != want {
		t.Errorf("got  %+v\nwant %+v", got.FastOpen, want)
	}
	if got.RTT != 20*time.Millisecond || got.State != Established || got.Sent != 5 || got.MSS != 1460 {
		t.Errorf("got %+v", got)
	}
}
