package handshake

import (
	"testing"
	"time"
)

// The end of a flight is lost, and nothing comes behind it to show that: after
// two round trips the last segment goes again. Its acknowledgement shows the
// rest. RFC 8985, Section 7.2 and 7.3 (C-73).
func TestTailLoss(t *testing.T) {
	h := fullSegments(t, 5, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 2001", "")
	h.wait(200*time.Millisecond - 1)
	h.wantIdle()
	h.wait(1)
	h.want("P. 4001:5001(1000) ack 1")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 2001 <nop,nop,sack 4001:5001>", "")
	h.wait(25 * time.Millisecond)
	h.want(". 2001:3001(1000) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:5001>", "")
	h.want(". 3001:4001(1000) ack 1")
	if got := h.m.Info(); got.Timeouts != 0 || got.TailProbes != 1 || got.FastRecoveries != 1 {
		t.Errorf("got %d timeouts, %d probes, %d recoveries; want 0, 1, 1", got.Timeouts, got.TailProbes, got.FastRecoveries)
	}
}

// With data that was not sent yet the probe is that, even beyond the congestion
// window. RFC 8985, Section 7.3 (C-73).
func TestTailProbeNewData(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.write(bytesOf(3000)) // for which the window of ten segments has no room
	h.wantIdle()
	h.wait(200 * time.Millisecond)
	h.want(". 10001:11001(1000) ack 1")
	h.wantIdle()
	before := h.m.Info()
	h.wait(50 * time.Millisecond)
	h.in(". 1:1(0) ack 11001", "")
	if got := h.m.Info(); got.Threshold != before.Threshold || h.m.tail.under {
		t.Errorf("got threshold %d, under way %v", got.Threshold, h.m.tail.under)
	}
}

// The peer's window bounds the probe: without room for new data the last segment
// goes again (C-73).
func TestTailProbeClosedWindow(t *testing.T) {
	h := fullSegments(t, 3, withSACK())
	h.in(". 1:1(0) ack 1 win 3000", "")
	h.write(bytesOf(1000))
	h.wantIdle()
	h.wait(200 * time.Millisecond)
	h.want(". 2001:3001(1000) ack 1")
}

// No probe without SACK, nor where SACK blocks already show a hole, nor a second
// one behind the first. RFC 8985, Section 7.2 and 7.3 (C-73).
func TestNoTailProbe(t *testing.T) {
	h := fullSegments(t, 2, withoutSACK())
	if h.wait(time.Second); h.m.Info().TailProbes != 0 {
		t.Error("a probe without SACK")
	}
	h = fullSegments(t, 3, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:2001>", "")
	if h.wait(10 * time.Second); h.m.Info().TailProbes != 0 {
		t.Error("a probe beside a hole")
	}
	h = fullSegments(t, 2, withSACK())
	if h.wait(10 * time.Second); h.m.Info().TailProbes != 1 {
		t.Errorf("got %d probes, want 1", h.m.Info().TailProbes)
	}
}

// A D-SACK for the probe in the very acknowledgement of it says the same.
// RFC 8985, Section 7.4.2, case 1 (C-73).
func TestTailProbeForNothingAtOnce(t *testing.T) {
	h := fullSegments(t, 4, withSACK())
	h.wait(200 * time.Millisecond)
	h.want("P. 3001:4001(1000) ack 1")
	h.in(". 1:1(0) ack 4001 <nop,nop,sack 3001:4001>", "")
	if h.m.tail.under {
		t.Error("the probe is still under way")
	}
}

// When the probe comes: after two round trips; for a single segment later by what
// the peer may delay its ACK; not after the retransmission timeout, which then
// starts over. RFC 8985, Section 7.2 (C-73).
func TestTailProbeTime(t *testing.T) {
	for _, test := range []struct {
		name     string
		segments int
		minRTO   time.Duration
		want     time.Duration
	}{
		{"two segments", 2, time.Second, 200 * time.Millisecond},
		{"one segment", 1, time.Second, 400 * time.Millisecond},
		{"before the timeout", 1, 200 * time.Millisecond, 300 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := withSACK()
			c.MinRTO = test.minRTO
			h := fullSegments(t, test.segments, c)
			rto := h.m.Info().RTO
			h.wait(test.want - 1)
			h.wantIdle()
			h.wait(1)
			if got := h.m.Info(); len(h.sent) != 1 || got.TailProbes != 1 || got.Timeouts != 0 {
				t.Fatalf("got %d segments, %d probes, %d timeouts; want 1, 1, 0", len(h.sent), got.TailProbes, got.Timeouts)
			}
			h.sent = nil
			h.wait(rto - 1)
			h.wantIdle()
			if h.wait(1); h.m.Info().Timeouts != 1 {
				t.Error("no timeout behind the probe")
			}
		})
	}
}

// The probe has repaired a loss, for there is no second answer: the window
// shrinks as for any other loss. RFC 8985, Section 7.4.2, case 2 (C-73).
func TestTailProbeRepairs(t *testing.T) {
	h := fullSegments(t, 4, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 3001", "")
	h.wait(300 * time.Millisecond)
	h.want("P. 3001:4001(1000) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 4001", "")
	if got := h.m.Info().Threshold; got != 1<<30 {
		t.Errorf("threshold: got %d before it is known", got)
	}
	h.write(bytesOf(1000))
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 5001", "")
	if got := h.m.Info(); got.Threshold != 2000 || got.Cwnd > 3000 {
		t.Errorf("got threshold %d, cwnd %d; want 2000, and no more than one segment more", got.Threshold, got.Cwnd)
	}
}

// Nothing was lost: a D-SACK for the probe, or a second acknowledgement without
// SACK, says that it came twice, and the window stays. RFC 8985, Section 7.4.2,
// cases 1 and 3 (C-73).
func TestTailProbeForNothing(t *testing.T) {
	for _, test := range []struct{ name, answer string }{
		{"D-SACK", ". 1:1(0) ack 4001 <nop,nop,sack 3001:4001>"},
		{"duplicate", ". 1:1(0) ack 4001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := fullSegments(t, 4, withSACK())
			h.wait(200 * time.Millisecond)
			h.want("P. 3001:4001(1000) ack 1")
			h.wait(10 * time.Millisecond)
			h.in(". 1:1(0) ack 4001", "")
			h.wait(90 * time.Millisecond)
			h.in(test.answer, "")
			if h.m.tail.under {
				t.Error("the probe is still under way")
			}
			h.write(bytesOf(2000))
			h.wait(100 * time.Millisecond)
			h.in(". 1:1(0) ack 6001", "")
			if got := h.m.Info().Threshold; got != 1<<30 {
				t.Errorf("threshold: got %d", got)
			}
		})
	}
}

// A D-SACK for something else, or a duplicate that has SACK blocks, says nothing
// of the probe. RFC 8985, Section 7.4.2 (C-73).
func TestTailProbeOtherAnswers(t *testing.T) {
	for _, answer := range []string{
		". 1:1(0) ack 4001 <nop,nop,sack 1:1001>",
		". 1:1(0) ack 4001 <nop,nop,sack 5001:6001>",
	} {
		h := fullSegments(t, 4, withSACK())
		h.wait(200 * time.Millisecond)
		h.want("P. 3001:4001(1000) ack 1")
		h.in(". 1:1(0) ack 4001", "")
		h.write(bytesOf(2000))
		h.in(answer, "")
		if !h.m.tail.under {
			t.Errorf("%s ends the probe", answer)
		}
	}
}
