package handshake

import (
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// Only the SYN is acknowledged: the data goes again with the first ACK, and
// the negative response is remembered (T-12, T-40, T-70).
func TestDataNotAcknowledged(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Rejected, WhyDataNotAcked)
	h.wantBlocked(cookie.DataNotAcked)
}

// A lost SYN goes again without the option and without data, and a late
// answer to the first one still counts (T-50, T-55, T-56).
func TestSynTimeout(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.wait(999 * time.Millisecond)
	h.wantIdle()
	h.wait(time.Millisecond)
	h.want("S 0:0(0) win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want(". 6:6(0) ack 1")
	h.wantIdle()
	h.wantOutcome(Accepted, WhyAllAcked)
	h.wantBlocked("")
}

// The other options stay in a repeated SYN (T-55).
func TestSynTimeoutKeepsOptions(t *testing.T) {
	c := withCookie(aCookie)
	c.NoTimestamps, c.NoSACK, c.NoWindowScale = false, false, false
	c.TimestampOffset = withTimestamps().TimestampOffset
	h := startClient(t, c, "hello")
	h.want("S 0:5(5) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7,FO a24e1d399638e060,nop,nop>")
	h.wait(time.Second)
	h.want("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale 7>")
}

// Only plain SYNs get through, and the answer has no option: the path drops
// SYNs with the option or with data (T-40, T-74, T-87).
func TestPresumedDrop(t *testing.T) {
	for _, test := range []struct {
		name    string
		cookie  string
		synAck  string
		blocked cookie.Reason
		learnt  string
	}{
		{"cookie and data", aCookie, "S. 0:0(0) ack 1 <mss 1460>", cookie.NoSynAck, ""},
		{"request", "", "S. 0:0(0) ack 1 <mss 1460>", cookie.NoSynAck, ""},
		{"an option in the answer proves otherwise", aCookie, "S. 0:0(0) ack 1 <mss 1460,FO 1122334455667788>", "", "1122334455667788"},
		{"a cookie that comes late is still a cookie", "", "S. 0:0(0) ack 1 <mss 1460,FO 1122334455667788>", "", "1122334455667788"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := startClient(t, withCookie(test.cookie), "hello")
			h.sent = h.sent[1:]
			h.wait(time.Second)
			h.want("S 0:0(0) <mss 1460>")
			h.in(test.synAck, "")
			h.want("P. 1:6(5) ack 1")
			h.wantOutcome(Fallback, WhyRetransmitted)
			h.wantBlocked(test.blocked)
			h.wantLearnt(test.learnt, 1460)
		})
	}
}

// Nothing answers at all (T-40, C-50): SYNs at 0, 1, 3, 7, 15, 31, 63 and 123 s,
// the end at 183 s.
func TestNoAnswer(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60} {
		h.wait(pause*time.Second - time.Millisecond)
		h.wantIdle()
		h.wait(time.Millisecond)
		h.want("S 0:0(0) <mss 1460>")
	}
	h.wait(60 * time.Second)
	h.wantIdle()
	h.wantEnd(ErrTimeout)
	h.wantOutcome(Fallback, WhyNoAnswer)
	h.wantBlocked(cookie.NoSynAck)
	if got := h.m.Info().SynRetransmits; got != 7 {
		t.Errorf("SynRetransmits: got %d, want 7", got)
	}
}

// The number of SYNs can change while they are sent (C-50).
func TestSetSynRetries(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.m.SetSynRetries(1)
	h.wait(time.Second)
	h.want("S 0:0(0) <mss 1460>")
	h.wait(2 * time.Second)
	h.wantIdle()
	h.wantEnd(ErrTimeout)

	h = startClient(t, plainConfig(), "")
	h.m.SetSynRetries(-1)
	h.wait(time.Second)
	h.wantEnd(ErrTimeout)
	h = startClient(t, plainConfig(), "")
	h.m.SetSynRetries(1)
	h.m.SetSynRetries(0)
	h.wait(182 * time.Second)
	h.wantState(SynSent)
	h.wait(time.Second)
	h.wantEnd(ErrTimeout)
}

// The first timeouts may be alike, as in Linux (L-01): with four of them SYNs go
// at 0, 1, 2, 3, 4, 5, 7 and 11 s.
func TestSynLinear(t *testing.T) {
	c := withCookie(aCookie)
	c.SynLinear = 4
	h := startClient(t, c, "hello")
	h.want("S 0:5(5) <...>")
	for _, pause := range []time.Duration{1, 1, 1, 1, 1, 2, 4} {
		h.wait(pause*time.Second - time.Millisecond)
		h.wantIdle()
		h.wait(time.Millisecond)
		h.want("S 0:0(0) <mss 1460>")
	}
	h.wait(8 * time.Second)
	h.wantEnd(ErrTimeout)
}

// The application may want less patience (C-50).
func TestNoRetries(t *testing.T) {
	c := plainConfig()
	c.SynRetries = -1
	h := startClient(t, c, "")
	h.want("S 0:0(0) <mss 1460>")
	h.wait(time.Second)
	h.wantIdle()
	h.wantEnd(ErrTimeout)
	h.wantBlocked("") // it was no Fast Open
}

// A server that answers a request without a cookie is remembered (T-52).
func TestNoCookieFromServer(t *testing.T) {
	h := startClient(t, withCookie(""), "hello")
	h.want("S 0:0(0) <mss 1460,FO,nop,nop>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Fallback, WhyNoCookie)
	h.wantBlocked(cookie.NoCookie)
}

// A reset answers SYN data: the application gets the error, the path is
// remembered (T-40, T-87).
func TestResetToSynData(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("R. 0:0(0) ack 6", "")
	h.wantIdle()
	h.wantEnd(ErrRefused)
	h.wantOutcome(Fallback, WhyRefused)
	h.wantBlocked(cookie.Reset)
}

// A closed port answers a request for a cookie, or the plain SYN after a
// timeout, with a reset: that says nothing about Fast Open.
func TestResetWithoutSynData(t *testing.T) {
	h := startClient(t, withCookie(""), "hello")
	h.want("S 0:0(0) <mss 1460,FO,nop,nop>")
	h.in("R. 0:0(0) ack 1", "")
	h.wantEnd(ErrRefused)
	h.wantBlocked("")

	h = startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.wait(time.Second)
	h.want("S 0:0(0) <...>")
	h.in("R. 0:0(0) ack 1", "")
	h.wantEnd(ErrRefused)
	h.wantBlocked("")
}

// The application gives up on a SYN that went unanswered: that is a negative
// response as well (T-40).
func TestAbandonedSyn(t *testing.T) {
	h := startClient(t, withCookie(""), "hello")
	h.want("S 0:0(0) <mss 1460,FO,nop,nop>")
	h.abort()
	h.wantBlocked("") // too early to tell

	h = startClient(t, withCookie(""), "hello")
	h.want("S 0:0(0) <...>")
	h.wait(time.Second)
	h.want("S 0:0(0) <...>")
	h.abort()
	h.wantOutcome(Fallback, WhyNoAnswer)
	h.wantBlocked(cookie.NoSynAck)
}

// A soft ICMP error does not end the dial, but is remembered (T-40, C-105).
func TestSoftICMPToSyn(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.icmp(wire.ICMPError{Type: wire.ICMPv4Unreachable, Code: 1, Seq: ourISS})
	h.wantState(SynSent)
	h.wantBlocked(cookie.ICMPError)
	h.abort()
	h.wantOutcome(Fallback, WhyICMP)
}

// An ICMP error answers the SYN (T-40).
func TestICMPToSynData(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.icmp(wire.ICMPError{Type: wire.ICMPv4Unreachable, Code: 3, Seq: ourISS})
	h.wantIdle()
	h.wantEnd(ErrUnreachable)
	h.wantOutcome(Fallback, WhyICMP)
	h.wantBlocked(cookie.ICMPError)
}

// A middlebox takes the option away: the data was refused like that of any SYN
// (T-87).
func TestOptionStripped(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want("P. 1:6(5) ack 1")
	h.in(". 1:1(0) ack 6", "")
	h.wantBlocked(cookie.DataNotAcked)
	if got := h.m.Unsent(); got != 0 {
		t.Errorf("Unsent: got %d, want 0", got)
	}
}

// The SYN is too big for the path: at once again, plain, with a smaller MSS. It
// was not lost, so the window is not that of a lost SYN (L-18, C-112).
func TestSynTooBig(t *testing.T) {
	h := startClient(t, withCookie(aCookie), bytesOf(1300))
	h.want("S 0:1300(1300) <...>")
	h.icmp(wire.ICMPError{Type: wire.ICMPv4Unreachable, Code: 4, MTU: 1040, Seq: ourISS})
	h.want("S 0:0(0) win 65535 <mss 1000>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1001(1000) ack 1")
	h.want("P. 1001:1301(300) ack 1")
	h.wantIdle()
	h.wantOutcome(Fallback, WhyPacketTooBig)
	h.wantBlocked("")
}

// The same over IPv6, whose paths are not narrower than 1280 bytes (L-18, C-112).
func TestSynTooBig6(t *testing.T) {
	for _, test := range []struct {
		mtu  uint32
		want string
	}{{1300, "1240"}, {1280, "1220"}, {800, "1220"}} {
		c := withCookie(aCookie)
		c.IPv6 = true
		h := startClient(t, c, bytesOf(1300))
		h.want("S 0:1300(1300) <...>")
		h.icmp(wire.ICMPError{IPVersion: 6, Type: wire.ICMPv6TooBig, MTU: test.mtu, Seq: ourISS})
		h.want("S 0:0(0) win 65535 <mss " + test.want + ">")
		h.wantIdle()
	}
}
