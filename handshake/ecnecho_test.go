package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// A mark is told in every ACK, the first one at once, until the sender says that it
// has understood. RFC 3168, Section 6.1.3 (C-125).
func TestECNEcho(t *testing.T) {
	h := connectECN(t)
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantIdle() // the ACK is delayed
	if h.m.Info().ECNSeen {
		t.Error("a packet has come that could be marked: there was none")
	}
	h.inCE("P. 6:11(5) ack 1", "hello")
	h.wantNotECT(".E 1:1(0) ack 11")
	if !h.m.Info().ECNSeen {
		t.Error("no packet has come that could be marked")
	}
	h.inCE("P. 11:16(5) ack 1", "hello")
	h.wantIdle()
	h.wait(40 * time.Millisecond)
	h.want(".E 1:1(0) ack 16")
	h.write("world")
	h.wantECT("PE. 1:6(5) ack 16")
	h.in("P.W 16:21(5) ack 6", "hello")
	h.want(". 6:6(0) ack 21")
	h.in("P. 21:26(5) ack 6", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 6:6(0) ack 26")
	// One that says so and is marked itself.
	h.inCE("P. 26:31(5) ack 6", "hello")
	h.want(".E 6:6(0) ack 31")
	h.inCE("P.W 31:36(5) ack 6", "hello")
	h.wait(40 * time.Millisecond)
	h.want(".E 6:6(0) ack 36")
	h.abort()
	h.want("R. 6:6(0) ack 36 win 65500")
}

// ECT(0) and ECT(1) are seen, and are no marks. RFC 3168, Section 5 (C-125).
func TestECNSeen(t *testing.T) {
	for _, e := range []wire.ECN{wire.ECT0, wire.ECT1} {
		h := connectECN(t)
		h.m.Mark(e)
		h.in("P. 1:6(5) ack 1", "hello")
		h.wait(40 * time.Millisecond)
		h.want(". 1:1(0) ack 6")
		if !h.m.Info().ECNSeen {
			t.Errorf("%d: not seen", e)
		}
	}
}

// What is not in the window, or has no data, may be from anybody: its marks and its
// CWR mean nothing. RFC 3168, Section 6.1.5 (C-125).
func TestECNMarksOfOthers(t *testing.T) {
	h := connectECN(t)
	h.inCE("P. 100001:100006(5) ack 1", "hello")
	h.want(". 1:1(0) ack 1")
	h.inCE(". 1:1(0) ack 1", "")
	h.in("P. 1:6(5) ack 1", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 1:1(0) ack 6")
	h.inCE("P. 6:11(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
	h.in(".W 11:11(0) ack 1", "")
	h.wait(time.Second)
	h.in("P.W 1:6(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
}

// A mark counts where its segment arrives out of order. RFC 3168, Section 6.1.3
// (C-125).
func TestECNMarkOutOfOrder(t *testing.T) {
	h := connectECN(t)
	h.inCE("P. 6:11(5) ack 1", "world")
	h.want(".E 1:1(0) ack 1")
	h.in("P. 1:6(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
}

// Without ECN a mark is as good as none (C-117).
func TestECNOffIgnoresMarks(t *testing.T) {
	h := connect(t, plainConfig(), "SE. 0:0(0) ack 1 <mss 1000>")
	h.inCE("P. 1:6(5) ack 1", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 1:1(0) ack 6")
	if got := h.m.Info(); got.ECN || got.ECNSeen {
		t.Errorf("got ECN %v, seen %v", got.ECN, got.ECNSeen)
	}
}
