package handshake

import (
	"testing"
	"time"

	"tfocraft/cookie"
)

// First contact: the SYN asks for a cookie and carries no data; the data goes
// with the first ACK. RFC 7413, Section 4.2.1 (T-06, T-08, T-12, T-15).
func TestCookieRequest(t *testing.T) {
	c := plainConfig()
	c.FastOpen.Mode = ClientOn
	h := startClient(t, c, "hello")
	h.want("S 0:0(0) win 65535 <mss 1460,FO,nop,nop>")
	h.in("S. 0:0(0) ack 1 <mss 1440,FO a24e1d399638e060>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantIdle()
	h.wantState(Established)
	h.wantLearnt("a24e1d399638e060", 1440)
	h.wantOutcome(CookieReceived, WhyCookieGranted)
}

// Second contact: cookie and data in the SYN, both acknowledged. T-08, T-53.
func TestDataInSyn(t *testing.T) {
	h := startClient(t, withCookie("a24e1d399638e060"), "hello")
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
	h.wantState(Closed)
	if h.m.Err() != nil || !h.eof {
		t.Errorf("err %v, eof %v", h.m.Err(), h.eof)
	}
}

// Only the SYN is acknowledged: the data goes again with the first ACK, and
// the negative response is remembered. T-12, T-40, T-70.
func TestDataNotAcknowledged(t *testing.T) {
	h := startClient(t, withCookie("a24e1d399638e060"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Rejected, WhyDataNotAcked)
	h.wantBlocked(cookie.DataNotAcked)
}

// A lost SYN goes again without the option and without data, and a late
// answer to the first one still counts. T-50, T-55, T-56.
func TestSynTimeout(t *testing.T) {
	h := startClient(t, withCookie("a24e1d399638e060"), "hello")
	h.want("S 0:5(5) <...>")
	h.wait(999 * time.Millisecond)
	h.wantIdle()
	h.wait(time.Millisecond)
	h.want("S 0:0(0) win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want(". 6:6(0) ack 1")
	h.wantIdle()
	h.wantOutcome(Accepted, WhyAllAcked)
}

// Both sides open at once; Fast Open does not get in the way. T-68.
func TestSimultaneousOpen(t *testing.T) {
	h := startClient(t, withCookie("a24e1d39"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S 0:3(3) <mss 1040,FO 87654321>", "xyz")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.wantState(SynReceived)
	h.in("S. 0:0(0) ack 6 <mss 940>", "")
	h.want(". 6:6(0) ack 1")
	h.wantState(Established)
	h.wantRead("")
	h.in("P. 1:4(3) ack 6", "xyz")
	h.wantRead("xyz")
}
