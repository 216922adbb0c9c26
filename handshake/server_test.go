package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// admitted is what a gate says about a valid cookie.
var admitted = Admission{Data: true, Outcome: Accepted, Why: WhyCookieValid}

const synWithCookie = "S 0:5(5) win 1000 <mss 1460,FO a24e1d399638e060>"

// SYN data is delivered and acknowledged, and the response goes out, before
// the client's ACK (T-09, T-11, T-47, T-91).
func TestServerTakesSynData(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 win 65535 <mss 1460>") // the window is behind the data
	h.wantRead("hello")
	h.wantState(SynReceived)
	h.write("world")
	h.want("P. 1:6(5) ack 6")
	h.in(". 6:6(0) ack 1", "")
	h.wantState(Established)
	h.wantIdle()
	h.in(". 6:6(0) ack 6", "")
	h.close()
	h.want("F. 6:6(0) ack 6")
	h.in("F. 6:6(0) ack 7", "")
	h.want(". 7:7(0) ack 7")
	h.wantState(TimeWait)
	h.wantOutcome(Accepted, WhyCookieValid)
}

// Data that was not admitted is not taken: it comes again after the handshake,
// once (T-02, T-05, T-10, T-59).
func TestServerLeavesSynData(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.in(". 1:1(0) ack 1", "")
	h.wantRead("")
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantRead("hello")
}

// A server without Fast Open sends nothing before the ACK, whatever is written.
func TestServerWithoutFastOpenWaits(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, "S 0:0(0) win 1000 <mss 1460>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.write("banner")
	h.wantIdle()
	h.in(". 1:1(0) ack 1", "")
	h.want("P. 1:7(6) ack 1")
}

// The cookie goes in the first SYN-ACK, in the form that came, and in no other
// (T-07, T-28, T-51, L-03).
func TestServerSendsCookie(t *testing.T) {
	for _, test := range []struct {
		experimental bool
		want         string
	}{
		{false, "S. 0:0(0) ack 1 win 65535 <mss 1460,FO b52d0a13dde9a6ba,nop,nop>"},
		{true, "S. 0:0(0) ack 1 win 65535 <mss 1460,FOEXP b52d0a13dde9a6ba>"},
	} {
		a := Admission{Reply: mustCookie(gateCookie), Experimental: test.experimental}
		h := startServer(t, plainConfig(), a, "S 0:0(0) win 1000 <mss 1460,FO>", "")
		h.want(test.want)
		h.wait(time.Second)
		h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	}
}

// An open without data: the server may send at once (T-66).
func TestServerEmptyOpen(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, "S 0:0(0) win 1000 <mss 1460,FO a24e1d399638e060>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.write("banner")
	h.want("P. 1:7(6) ack 1")
}

// Without an ACK the SYN-ACK goes again at 1, 3, 7 s: without data and option,
// still acknowledging the SYN's data (T-51, T-64, C-51).
func TestSynAckTimeout(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{Data: true}, "S 0:5(5) <mss 1460,FO a24e1d399638e060>", "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	for _, wait := range []time.Duration{1, 2, 4, 8, 16} {
		h.wait(wait*time.Second - time.Millisecond)
		h.wantIdle()
		h.wait(time.Millisecond)
		h.want("S. 0:0(0) ack 6 <mss 1460>")
	}
	h.wait(32 * time.Second)
	h.wantIdle()
	h.wantEnd(ErrTimeout)
}

// The same SYN again gets the same SYN-ACK, not too often, and its data is
// delivered once (T-65, C-57, L-14).
func TestRepeatedSyn(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in(synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in(synWithCookie, "hello")
	h.wantIdle()
	h.wait(500 * time.Millisecond)
	h.in(synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.wantRead("hello")
	h.wantState(SynReceived)
}

// A SYN with another sequence number does not disturb a connection that waits
// for its ACK: it is challenged, as Linux does (C-58).
func TestOtherSynInSynReceived(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in("S 70000:70000(0) win 1000 <mss 1460>", "")
	h.want(". 1:1(0) ack 6")
	h.wantDropped(DropUnexpectSYN)
	h.in(". 6:6(0) ack 1", "")
	h.wantState(Established)
}

// An ACK of what was not sent gets a reset and changes nothing (T-76, C-56).
func TestBadAckInSynReceived(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, "S 0:0(0) win 1000 <mss 1460>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.in(". 1:1(0) ack 0", "")
	h.want("R 0:0(0) win 0")
	h.in(". 1:1(0) ack 100", "")
	h.want("R 100:100(0) win 0")
	h.wantState(SynReceived)
	h.in(". 1:1(0) ack 1", "")
	h.wantState(Established)
}

// Data and FIN on the ACK count (C-56).
func TestDataAndFinOnTheAck(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, "S 0:0(0) win 1000 <mss 1460>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.in("FP. 1:6(5) ack 1", "hello")
	h.want(". 1:1(0) ack 7")
	h.wantRead("hello")
	h.wantEOF(true)
	h.wantState(CloseWait)
}

// A SYN-ACK cannot open a connection that a SYN has opened.
func TestSynAckInSynReceived(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, "S 0:0(0) win 1000 <mss 1460>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
	h.wantState(SynReceived)
}

// More data than the buffer holds: what fits is taken, and exactly that is
// acknowledged (T-67, T-84).
func TestSynDataLargerThanBuffer(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 100
	h := startServer(t, c, admitted, "S 0:500(500) win 1000 <mss 1460>", bytesOf(500))
	h.want("S. 0:0(0) ack 101 win 0 <mss 1460>")
	if got := h.m.Info().FastOpen.SynAcked; got != 100 {
		t.Errorf("SynAcked: got %d, want 100", got)
	}
	h.wantRead(bytesOf(500)[:100])
	h.wantIdle()
	// The client saw a closed window: it is told that there is room.
	h.in(". 101:101(0) ack 1", "")
	h.want(". 1:1(0) ack 101 win 100")
	h.in("P. 101:201(100) ack 1", bytesOf(500)[100:200])
	h.wantRead(bytesOf(500)[100:200])
}

// Before the ACK no more goes out than the initial window and the client's
// window allow (T-11, T-82, C-72).
func TestServerWindowBeforeAck(t *testing.T) {
	for _, test := range []struct {
		name   string
		window string
		want   int
	}{
		{"client's window, in full segments", "5000", 4380},
		{"client's window", "1000", 1000},
		{"initial window", "65535", 14600},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := startServer(t, plainConfig(), admitted, "S 0:5(5) win "+test.window+" <mss 1460>", "hello")
			h.want("S. 0:0(0) ack 6 <mss 1460>")
			h.write(bytesOf(100_000))
			got := 0
			for _, s := range h.sent {
				got += len(s.Payload)
			}
			if got != test.want {
				t.Errorf("bytes before the ACK: got %d, want %d", got, test.want)
			}
			sent := len(h.sent)
			h.wait(63 * time.Second)
			for _, s := range h.sent[sent:] {
				if len(s.Payload) > 0 || !s.Flags.Has(wire.SYN|wire.ACK) {
					t.Errorf("without an ACK: %v", s)
				}
			}
		})
	}
}

// The sure cure against reflection: no data before the ACK (T-81).
func TestNoDataBeforeAck(t *testing.T) {
	c := plainConfig()
	c.NoDataBeforeAck = true
	h := startServer(t, c, admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.wantRead("hello")
	h.write("world")
	h.wantIdle()
	h.in(". 6:6(0) ack 1", "")
	h.want("P. 1:6(5) ack 6")
}

// Data that went out in SYN-RECEIVED has no timer of its own. Where the
// SYN-ACK had to go again it is sent again with the ACK, a segment at a time
// (L-13, T-63, C-53).
func TestResponseAfterSynAckTimeout(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, "S 0:5(5) <mss 1460>", "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write(bytesOf(4000))
	h.want(". 1:1461(1460) ack 6")
	h.want(". 1461:2921(1460) ack 6")
	h.want("P. 2921:4001(1080) ack 6")
	h.wait(time.Second)
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write("more")
	h.wantIdle()
	h.in(". 6:6(0) ack 1", "")
	h.want(". 1:1461(1460) ack 6")
	h.wantIdle()
	h.in(". 6:6(0) ack 1461", "")
	h.want(". 1461:2921(1460) ack 6")
	h.want(". 2921:4001(1080) ack 6")
	h.want("P. 4001:4005(4) ack 6")
	h.wantIdle()
}

// Where no SYN-ACK was lost, data is not sent twice (L-13).
func TestResponseNotRepeatedOnAck(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write("world")
	h.want("P. 1:6(5) ack 6")
	h.wait(900 * time.Millisecond)
	h.wantIdle()
	h.in(". 6:6(0) ack 1", "")
	h.wantIdle()
	h.wait(2700 * time.Millisecond) // RTO of a round trip of 900 ms
	h.want("P. 1:6(5) ack 6")
}

// A reset before the ACK: the data stays readable, then comes the error
// (T-92); and it has to hit exactly behind the data (C-104).
func TestResetBeforeAck(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in("R 1:1(0)", "")
	h.wantDropped(DropSequence)
	h.wantState(SynReceived)
	h.in("R 7:7(0)", "")
	h.want(". 1:1(0) ack 6") // in the window, not exact: challenged
	h.wantState(SynReceived)
	h.in("R 6:6(0)", "")
	h.wantIdle()
	h.wantEnd(ErrReset)
	h.wantRead("hello")
}

// The application closes without having read the SYN's data (T-93, C-94).
func TestCloseUnreadSynData(t *testing.T) {
	for _, window := range []string{"1000", "0"} {
		h := startServer(t, plainConfig(), admitted, "S 0:5(5) win "+window+" <mss 1460>", "hello")
		h.want("S. 0:0(0) ack 6 <mss 1460>")
		h.close()
		h.want("R. 1:1(0) ack 6 win 65535")
		h.wantEnd(ErrAborted)
	}
}

// A response and the close before the ACK: the FIN waits for it.
func TestCloseBeforeAck(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.wantRead("hello")
	h.write("bye")
	h.close()
	h.want("P. 1:4(3) ack 6")
	h.wantIdle()
	h.in(". 6:6(0) ack 4", "")
	h.want("F. 4:4(0) ack 6")
	h.wantState(FinWait1)
}

// A SYN that offers ECN or AccECN is served as plain (C-117).
func TestECNSyn(t *testing.T) {
	for _, flags := range []string{"SEW", "SEWA"} {
		h := startServer(t, plainConfig(), Admission{}, flags+" 0:0(0) win 1000 <mss 1460>", "")
		h.want("S. 0:0(0) ack 1 <mss 1460>")
		h.in(".E 1:1(0) ack 1", "")
		h.wantState(Established)
	}
}

// Marks of congestion on a connection that has not agreed on ECN mean nothing:
// the data is taken, nothing is echoed, and the window stays. RFC 3168,
// Section 6.1.1 (C-117).
func TestECNIgnored(t *testing.T) {
	h := fullSegments(t, 4, withSACK())
	before := h.m.Info()
	h.in("P.EWA 1:6(5) ack 1001", "hello")
	h.wantRead("hello")
	h.write("world")
	h.want("P. 4001:4006(5) ack 6")
	h.in(".E 6:6(0) ack 4006", "")
	if got := h.m.Info(); got.Threshold != before.Threshold || got.Cwnd < before.Cwnd || h.m.Unsent() != 0 {
		t.Errorf("got threshold %d, cwnd %d, %d bytes unacknowledged", got.Threshold, got.Cwnd, h.m.Unsent())
	}
}

// The replay that RFC 7413 accepts: a new connection for the identical SYN
// takes its data again. Applications have to know (T-03).
func TestReplay(t *testing.T) {
	for range 2 {
		h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
		h.want("S. 0:0(0) ack 6 <mss 1460>")
		h.wantRead("hello")
	}
}
