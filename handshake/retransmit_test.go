package handshake

import (
	"testing"
	"time"
)

// The timer starts over when the head of the flight is repaired: the answer takes
// a round trip from then, on a path where that is as long as the timeout leaves
// (C-70, C-73).
func TestTimerRestartsForRepair(t *testing.T) {
	for _, rtt := range []time.Duration{50 * time.Millisecond, 150 * time.Millisecond, 250 * time.Millisecond} {
		h := startClient(t, withSACK(), "")
		h.wait(rtt)
		h.in("S. 0:0(0) ack 1 <mss 1000,sackOK>", "")
		at := 1
		for range 40 { // until the timeout has come down
			h.write(bytesOf(2000))
			h.wait(rtt)
			h.ackAll(65535)
			at += 2000
		}
		h.write(bytesOf(10_000))
		h.wait(rtt)
		h.sent = nil
		for i := 2; i <= 10; i++ {
			h.in(". 1:1(0) ack "+itoa(at)+" <"+sackText(at+1000, at+1000*i)+">", "")
		}
		h.want(". " + itoa(at) + ":" + itoa(at+1000) + "(1000) ack 1")
		h.wait(rtt - time.Millisecond) // its answer is about to come
		if got := h.m.Info(); got.Timeouts != 0 {
			t.Errorf("round trip %v: %d timeouts, want none", rtt, got.Timeouts)
		}
	}
}

// A repair and new data of the same moment are told apart: that the new data has
// arrived says nothing about the repair. RFC 8985, Section 6.1 (C-73).
func TestRepairIsNewerThanNewData(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.write(bytesOf(30_000))
	h.wait(100 * time.Millisecond)
	// Limited transmit sends the eleventh and twelfth, then the first goes again.
	for i := 2; i <= 4; i++ {
		h.in(". 1:1(0) ack 1 <"+sackText(1001, 1+1000*i)+">", "")
	}
	h.want(". 10001:11001(1000) ack 1")
	h.want(". 11001:12001(1000) ack 1")
	h.want(". 1:1001(1000) ack 1")
	h.sent = nil
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <"+sackText(1001, 12001)+">", "")
	for _, s := range h.sent {
		if s.Seq == ourISS.Add(1) {
			t.Fatal("the repair went out again, before its answer could come")
		}
	}
}
