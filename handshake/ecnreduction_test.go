package handshake

import (
	"testing"
	"time"
)

// Marks shrink the window as a loss would, NewReno's to half and CUBIC's to seven
// tenths, once for what was in flight: the peer goes on telling until it hears CWR.
// Nothing is sent again. RFC 3168, Section 6.1.2; RFC 9438, Section 4.6 (C-126).
func TestECNReduction(t *testing.T) {
	for _, test := range []struct {
		control CongestionControl
		want    int
	}{{NewReno, 5000}, {Cubic, 7000}} {
		c := withECN()
		c.Congestion = test.control
		h := agreed(t, 10, c)
		h.write(bytesOf(20_000))
		h.wait(100 * time.Millisecond)
		h.in(".E 1:1(0) ack 1001", "")
		if got := h.m.Info(); got.Cwnd != test.want || got.Threshold != test.want || got.Retransmits != 0 || got.FastRecoveries != 0 {
			t.Fatalf("got window %d, threshold %d, %d retransmissions", got.Cwnd, got.Threshold, got.Retransmits)
		}
		h.wantIdle() // nine in flight
		for ack := 2001; ack <= 10001-test.want; ack += 1000 {
			h.in(".E 1:1(0) ack "+itoa(ack), "")
			h.wantIdle()
		}
		h.in(".E 1:1(0) ack "+itoa(11001-test.want), "")
		h.wantECT(".W 10001:11001(1000) ack 1")
		h.wantIdle()
		for ack := 12001 - test.want; ack <= 10001; ack += 1000 {
			h.in(".E 1:1(0) ack "+itoa(ack), "")
			h.wantECT(". " + itoa(ack+test.want-1000) + ":" + itoa(ack+test.want) + "(1000) ack 1")
			h.wantIdle()
		}
		if got := h.m.Info(); got.Cwnd != test.want {
			t.Errorf("at the end of the round trip: got window %d, want %d", got.Cwnd, test.want)
		}
		// The peer has had the CWR.
		h.in(". 1:1(0) ack 11001", "")
		if got := h.m.Info(); got.Cwnd < test.want || got.Threshold != test.want {
			t.Errorf("after it: got window %d, threshold %d", got.Cwnd, got.Threshold)
		}
		// The next mark.
		window := h.m.Info().Cwnd
		h.in(".E 1:1(0) ack 12001", "")
		if got := h.m.Info(); got.Cwnd >= window || got.Threshold >= test.want {
			t.Errorf("the next mark: got window %d, threshold %d", got.Cwnd, got.Threshold)
		}
	}
}

// As long as nothing new was sent since, what the peer tells is nothing new. CWR
// waits for it. RFC 3168, Section 6.1.2 (C-126).
func TestECNReductionWithoutNewData(t *testing.T) {
	h := agreed(t, 10, withECN())
	h.wait(100 * time.Millisecond)
	for ack := 1001; ack <= 10001; ack += 1000 {
		h.in(".E 1:1(0) ack "+itoa(ack), "")
	}
	h.in("P.E 1:6(5) ack 10001", "hello")
	h.wait(40 * time.Millisecond)
	h.wantNotECT(". 10001:10001(0) ack 6")
	h.wait(100 * time.Millisecond)
	h.write("hello")
	h.wantECT("P.W 10001:10006(5) ack 6")
	h.write("world")
	h.wantECT("P. 10006:10011(5) ack 6")
	h.in(".E 6:6(0) ack 10001", "")
	if got := h.m.Info(); got.Threshold != 5000 {
		t.Errorf("got threshold %d, want 5000", got.Threshold)
	}
	h.in(".E 6:6(0) ack 10006", "")
	if got := h.m.Info(); got.Threshold != 2000 {
		t.Errorf("the mark of what has said CWR: got threshold %d, want 2000", got.Threshold)
	}
}

// An ECE with nothing in flight, or on an ACK that is old, changes nothing (C-126).
func TestECNEchoOfNothing(t *testing.T) {
	h := agreed(t, 2, withECN())
	h.in(". 1:1(0) ack 2001", "")
	before := h.m.Info()
	h.in(".E 1:1(0) ack 2001", "")
	h.write(bytesOf(1000))
	h.in(".E 1:1(0) ack 1001", "")
	if got := h.m.Info(); got.Threshold != before.Threshold || got.Cwnd != before.Cwnd {
		t.Errorf("got window %d, threshold %d", got.Cwnd, got.Threshold)
	}
}

// Where a loss is repaired already marks change nothing more, and a loss in the
// flight that a mark was about changes nothing more either. RFC 3168, Section 6.1.2
// (C-126).
func TestECNWithLoss(t *testing.T) {
	hole := " 1:1(0) ack 1 <" + sackText(1001, 4001) + ">"
	for _, flags := range [][2]string{{".", ".E"}, {".E", "."}, {".E", ".E"}} {
		h := agreed(t, 10, withECN())
		h.wait(100 * time.Millisecond)
		h.in(flags[0]+" 1:1(0) ack 1 <"+sackText(1001, 2001)+">", "")
		h.in(flags[1]+hole, "")
		h.wantNotECT(". 1:1001(1000) ack 1") // no CWR with what is sent again
		h.write(bytesOf(20_000))
		h.in(flags[1]+" 1:1(0) ack 1 <"+sackText(1001, 5001)+">", "")
		if got := h.m.Info(); got.Threshold != 5000 || got.FastRecoveries != 1 {
			t.Errorf("%v: got threshold %d, %d recoveries; want 5000, 1", flags, got.Threshold, got.FastRecoveries)
		}
		for ack := 5001; ack <= 10001 && len(h.sent) == 0; ack += 1000 {
			h.in(". 1:1(0) ack 1 <"+sackText(1001, ack)+">", "")
		}
		h.wantECT(".W 10001:11001(1000) ack 1")
		h.in(".E 1:1(0) ack 10001", "")
		if got := h.m.Info(); got.Threshold != 5000 {
			t.Errorf("%v: before the CWR was acknowledged: got threshold %d, want 5000", flags, got.Threshold)
		}
	}
}

// What a timeout sends again cannot be marked and has no CWR; the first new data
// has. RFC 3168, Sections 6.1.2 and 6.1.5 (C-126, C-127).
func TestECNTimeout(t *testing.T) {
	h := agreed(t, 2, withECN())
	for h.m.Info().Timeouts == 0 {
		h.sent = nil
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.wantNotECT(". 1:1001(1000) ack 1")
	h.in(". 1:1(0) ack 1001", "")
	h.wantNotECT("P. 1001:2001(1000) ack 1")
	h.write("hello")
	h.wantECT("P.W 2001:2006(5) ack 1")
	h.in(". 1:1(0) ack 2006", "")
}

// If there was no loss the peer is not told of one. RFC 4015 (C-126).
func TestECNSpuriousTimeout(t *testing.T) {
	c := withTimestamps()
	c.ECN = ECNRequest
	h := agreed(t, 5, c)
	h.wait(300 * time.Millisecond)
	h.wantNotECT(". 1:989(988) ack 1 <...>")
	h.in(". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 200>", "")
	if got := h.m.Info().SpuriousRecoveries; got != 1 {
		t.Fatalf("got %d spurious, want 1", got)
	}
	h.write("more")
	h.wantECT("P. 4941:4945(4) ack 1 <...>")
	h.in(".E 1:1(0) ack 4941 <nop,nop,TS val 8 ecr 200>", "")
	if got := h.m.Info().Threshold; got == 1<<30 {
		t.Error("a mark after it does not count")
	}
}

// Whoever cuts a burst repeats its flags in every segment, so CWR goes in a segment
// by itself. RFC 3168, Section 6.1.2 (C-126).
func TestECNBurst(t *testing.T) {
	c := withECN()
	c.Burst = 65000
	h := agreed(t, 10, c)
	h.write(bytesOf(20_000))
	h.wait(100 * time.Millisecond)
	h.in(".E 1:1(0) ack 1001", "")
	h.in(".E 1:1(0) ack 9001", "")
	h.wantECT(".W 10001:11001(1000) ack 1")
	h.wantECT(". 11001:14001(3000) ack 1")
	h.wantIdle()
	for _, o := range h.out {
		if o.Kind == Transmit && len(o.Segment.Payload) > 1000 && o.SegmentSize != 1000 {
			t.Errorf("a burst is cut by %d, want 1000", o.SegmentSize)
		}
	}
}
