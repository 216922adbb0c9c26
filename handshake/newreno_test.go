package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// withoutSACK is a config for the peers that do not know it.
func withoutSACK() Config {
	c := plainConfig()
	c.Congestion = NewReno
	return c
}

// Without SACK three duplicate ACKs show a loss; the first two let new data out
// (RFC 3042), and so does each after the third, once half the flight has arrived.
// The window is half at the end. RFC 5681, Section 3.2; RFC 6582 (C-73).
func TestDuplicateAcks(t *testing.T) {
	h := fullSegments(t, 10, withoutSACK())
	h.write(bytesOf(20_000))
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1", "")
	h.want(". 10001:11001(1000) ack 1")
	h.in(". 1:1(0) ack 1", "")
	h.want(". 11001:12001(1000) ack 1")
	h.in(". 1:1(0) ack 1", "")
	h.want(". 1:1001(1000) ack 1")
	h.wantIdle()
	for range 6 {
		h.in(". 1:1(0) ack 1", "")
	}
	// Seven of ten have arrived since it began, or show that they have: three and
	// a half may have gone out, with the first.
	h.want(". 12001:13001(1000) ack 1")
	h.want(". 13001:14001(1000) ack 1")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 12001", "")
	if got := h.m.Info(); got.Cwnd != 5000 || got.Threshold != 5000 || got.FastRecoveries != 1 || got.Retransmits != 1 {
		t.Errorf("got cwnd %d, threshold %d, %d recoveries, %d retransmissions", got.Cwnd, got.Threshold, got.FastRecoveries, got.Retransmits)
	}
}

// What is no duplicate is not counted: an ACK with data, with another window, or
// with nothing outstanding. RFC 5681, Section 2 (C-73).
func TestNotDuplicate(t *testing.T) {
	for _, text := range []string{"P. 1:3(2) ack 1", ". 1:1(0) ack 1 win 5000"} {
		h := fullSegments(t, 4, withoutSACK())
		h.in(". 1:1(0) ack 1", "")
		h.in(". 1:1(0) ack 1", "")
		h.in(text, "")
		if got := h.m.Info().FastRecoveries; got != 0 {
			t.Errorf("%s counts", text)
		}
	}
	h := fullSegments(t, 0, withoutSACK())
	for range 5 {
		h.in(". 1:1(0) ack 1", "")
	}
	h.write(bytesOf(4000))
	if got := h.m.recovery.duplicates; got != 0 {
		t.Errorf("with nothing outstanding: got %d duplicates", got)
	}
}

// An ACK of something, but not of all that was outstanding, shows the next loss:
// it is repaired at once, in the same recovery. RFC 6582, Section 3.2 (C-73).
func TestPartialAck(t *testing.T) {
	h := fullSegments(t, 10, withoutSACK())
	h.wait(100 * time.Millisecond)
	for range 7 { // 1, 4 and 7 are lost
		h.in(". 1:1(0) ack 1", "")
	}
	h.want(". 1:1001(1000) ack 1")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 3001", "")
	h.want(". 3001:4001(1000) ack 1")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 6001", "")
	h.want(". 6001:7001(1000) ack 1")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 10001", "")
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Timeouts != 0 || got.Cwnd != got.Threshold || h.m.recovery.phase != phaseOpen {
		t.Errorf("got %d recoveries, %d timeouts, cwnd %d", got.FastRecoveries, got.Timeouts, got.Cwnd)
	}
}

// Duplicates that a timeout's repetitions have caused do not begin a recovery:
// that takes an ACK of more than was sent before. RFC 6582, Sections 3.2 and 4
// (C-73).
func TestDuplicatesAfterTimeout(t *testing.T) {
	h := fullSegments(t, 5, withoutSACK())
	h.wait(300 * time.Millisecond)
	h.want(". 1:1001(1000) ack 1")
	h.in(". 1:1(0) ack 5001", "") // the ACKs were late
	h.write(bytesOf(4000))
	h.sent = nil
	for range 4 {
		h.in(". 1:1(0) ack 5001", "")
	}
	if got := h.m.Info(); got.FastRecoveries != 0 {
		t.Errorf("duplicates of what the timeout had sent began %d recoveries", got.FastRecoveries)
	}
	h.in(". 1:1(0) ack 6001", "")
	for range 3 {
		h.in(". 1:1(0) ack 6001", "")
	}
	if got := h.m.Info(); got.FastRecoveries != 1 {
		t.Errorf("got %d recoveries, want 1", got.FastRecoveries)
	}
}

// However much was sent since the last loss, the next one is found: the recovery
// point comes along (RFC 6582, Section 3.2, C-73; C-10).
func TestRecoveryPointComesAlong(t *testing.T) {
	h := fullSegments(t, 1, withoutSACK())
	for range 3 {
		// A gigabyte later.
		const skip = 1 << 30
		m := h.m
		for _, at := range []*wire.Seq{&m.send.una, &m.send.nxt, &m.send.base, &m.send.wl2, &m.send.board.all[0].seq} {
			*at = at.Add(skip)
		}
		h.ackAll(65535)
		h.write(bytesOf(1000))
	}
	h.write(bytesOf(3000))
	h.sent = nil
	for range 3 {
		s := wire.Segment{Seq: h.m.recv.nxt, Ack: h.m.send.una, Flags: wire.ACK, Window: 65535}
		h.take(h.m.Input(h.now, s, h.out[:0]))
	}
	if got := h.m.Info().FastRecoveries; got != 1 {
		t.Errorf("got %d recoveries, want 1", got)
	}
}

// An ACK that covers something sent twice measures nothing, whatever else it
// covers: that may have arrived long ago. RFC 6298, Section 3 (C-70, Karn).
func TestKarnBehindRepair(t *testing.T) {
	for _, config := range []Config{withoutSACK(), withSACK()} {
		h := fullSegments(t, 3, config)
		rto := h.m.Info().RTO
		for h.m.Info().Timeouts == 0 {
			h.now = h.m.Deadline()
			h.take(h.m.Advance(h.now, h.out[:0]))
		}
		h.wait(100 * time.Millisecond)
		h.in(". 1:1(0) ack 3001", "")
		if got := h.m.Info(); got.RTT != 100*time.Millisecond || got.RTO < 2*rto {
			t.Errorf("SACK %v: got RTT %v, RTO %v", !config.NoSACK, got.RTT, got.RTO)
		}
	}
}
