package handshake

import (
	"testing"
	"time"
)

// A timeout that was too early: the ACK echoes a time before the repetition, so
// the first sending has arrived. What was lowered is restored and the rest does
// not go again. RFC 3522; RFC 4015 (C-71).
func TestSpuriousTimeout(t *testing.T) {
	h := fullSegments(t, 5, withTimestamps())
	before := h.m.Info()
	h.wait(300 * time.Millisecond)
	h.want(". 1:989(988) ack 1 <nop,nop,TS val 500 ecr 7>")
	h.wait(20 * time.Millisecond)
	h.in(". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 200>", "")
	h.wantIdle()
	if got := h.m.Info(); got.SpuriousRecoveries != 1 || got.Cwnd < before.Cwnd || got.Threshold != before.Threshold {
		t.Errorf("got %d spurious, cwnd %d, threshold %d; want 1, %d, %d", got.SpuriousRecoveries, got.Cwnd, got.Threshold, before.Cwnd, before.Threshold)
	}
	if got := h.m.pipe(); got != 4*988 {
		t.Errorf("in the network: got %d, want %d", got, 4*988)
	}
	h.write("more")
	h.want("P. 4941:4945(4) ack 1 <nop,nop,TS val 520 ecr 8>")
}

// A timeout that was right is not taken back: the ACK echoes the repetition. Nor
// is it without an echo, or when a later ACK echoes something old. RFC 3522,
// Section 3.2 (C-71).
func TestNeededTimeout(t *testing.T) {
	for _, acks := range [][]string{
		{". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 500>"},
		{". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 0>"},
		{". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 500>", ". 1:1(0) ack 1977 <nop,nop,TS val 9 ecr 200>"},
	} {
		h := fullSegments(t, 5, withTimestamps())
		h.wait(320 * time.Millisecond)
		for _, text := range acks {
			h.in(text, "")
		}
		if got := h.m.Info(); got.SpuriousRecoveries != 0 || got.Threshold != 5*988*7/10 {
			t.Errorf("%v: got %d spurious, threshold %d", acks, got.SpuriousRecoveries, got.Threshold)
		}
	}
}

// Without timestamps nothing tells, and nothing is taken back.
func TestNoUndoWithoutTimestamps(t *testing.T) {
	h := fullSegments(t, 5, withSACK())
	h.wait(time.Second)
	h.in(". 1:1(0) ack 1001", "")
	if got := h.m.Info(); got.SpuriousRecoveries != 0 || got.Threshold != 2500 {
		t.Errorf("got %d spurious, threshold %d; want 0, 2500", got.SpuriousRecoveries, got.Threshold)
	}
}

// A segment that was only late ends the recovery that it has caused, and from
// then on late segments are waited for. RFC 4015; RFC 8985, Section 6.2, Step 3
// (C-73).
func TestSpuriousRecovery(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := fullSegments(t, 8, c)
	before := h.m.Info()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,TS val 8 ecr 200,nop,nop,sack 989:3953>", "")
	h.want(". 1:989(988) ack 1 <nop,nop,TS val 300 ecr 8>")
	if h.m.Info().Threshold == before.Threshold {
		t.Error("the threshold is as before")
	}
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 3953 <nop,nop,TS val 8 ecr 200>", "")
	if got := h.m.Info(); got.SpuriousRecoveries != 1 || got.Cwnd < before.Cwnd || got.Threshold != before.Threshold {
		t.Errorf("got %d spurious, cwnd %d, threshold %d; want 1, %d, %d", got.SpuriousRecoveries, got.Cwnd, got.Threshold, before.Cwnd, before.Threshold)
	}
	if !h.m.rack.reordering {
		t.Error("nothing was learnt about the path")
	}
}

// The answer to a repair of an earlier loss, under way when another was found,
// does not undo that one: it echoes a time before its repair, but that was not its
// first sending (RFC 4015).
func TestUndoKnowsOfEarlierRepair(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := fullSegments(t, 10, c)
	m := h.m
	size := m.Info().MSS
	now := m.clock(h.now)
	m.send.board.lose(m.send.board.head)
	m.send.board.resent(now, m.send.una, size, size)
	h.wait(60 * time.Millisecond)
	m.beginUndo()
	if m.recovery.undo.since != now {
		t.Errorf("the undo counts from %v, want from the repair that is under way, %v", m.recovery.undo.since, now)
	}
}
