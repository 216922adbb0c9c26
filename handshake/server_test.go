package handshake

import (
	"testing"
	"time"
)

// SYN data is delivered and acknowledged, and the response goes out, before
// the client's ACK. T-09, T-11.
func TestServerTakesSynData(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{Data: true, Outcome: Accepted, Why: WhyCookieValid},
		"S 0:5(5) win 1000 <mss 1460,FO a24e1d399638e060>", "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
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
}

// Without an ACK the SYN-ACK goes again at 1, 3, 7 s: without data and option,
// still acknowledging the SYN's data. T-51, T-64, C-51.
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
	h.wantState(Closed)
	if h.m.Err() != ErrTimeout {
		t.Errorf("got %v, want %v", h.m.Err(), ErrTimeout)
	}
}
