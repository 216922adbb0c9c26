package handshake

import (
	"testing"
	"time"
)

// The first flight: ten segments (RFC 6928), or what is configured (C-72).
func TestInitialWindow(t *testing.T) {
	for _, test := range []struct{ config, want int }{{0, 10}, {3, 3}, {1, 1}} {
		c := plainConfig()
		c.InitialWindow = test.config
		h := connect(t, c, "")
		h.write(bytesOf(100_000))
		if got := len(h.sent); got != test.want {
			t.Errorf("InitialWindow %d: got %d segments, want %d", test.config, got, test.want)
		}
	}
}

// Slow start grows by what was acknowledged; NewReno's congestion avoidance by a
// segment a window, however the ACKs are split. A window that nothing waited for
// does not grow (C-74).
func TestCongestionGrowth(t *testing.T) {
	c := congestion{window: 10_000, threshold: 12_000, control: NewReno, limited: true}
	for _, step := range []struct{ acked, want int }{
		{0, 10_000}, {100, 10_100}, {1900, 12_000}, // slow start
		{11_999, 12_000}, {1, 13_000}, {6000, 13_000}, {7000, 14_000}, // avoidance
		{28_500, 15_000},
	} {
		if c.acked(firstInstant, step.acked, 1000, time.Millisecond); c.window != step.want {
			t.Errorf("after %d: got %d, want %d", step.acked, c.window, step.want)
		}
	}
	c.limited = false
	if c.acked(firstInstant, 100_000, 1000, time.Millisecond); c.window != 15_000 {
		t.Errorf("not limited: got %d, want 15000", c.window)
	}
	whole, split := c, c
	whole.limited, split.limited = true, true
	whole.acked(firstInstant, 15_000, 1000, time.Millisecond)
	for range 1500 {
		split.acked(firstInstant, 10, 1000, time.Millisecond)
	}
	if whole.window != split.window {
		t.Errorf("a split ACK gives %d, a whole one %d", split.window, whole.window)
	}
}

// A loss halves the flight with NewReno and takes three tenths with CUBIC, and
// leaves two segments at least (C-71; RFC 5681, equation 4; RFC 9438,
// Section 4.6).
func TestCongestionLoss(t *testing.T) {
	for _, test := range []struct {
		control      CongestionControl
		flight, want int
	}{
		{NewReno, 20_000, 10_000}, {NewReno, 1000, 2000}, {Cubic, 20_000, 14_000}, {Cubic, 1000, 2000},
	} {
		c := congestion{window: 20_000, threshold: 1 << 30, control: test.control}
		if c.lost(test.flight, 1000); c.threshold != test.want {
			t.Errorf("control %d, flight %d: got %d, want %d", test.control, test.flight, c.threshold, test.want)
		}
	}
}

// After a pause the window starts again from the initial one (C-75).
func TestIdleRestart(t *testing.T) {
	h := connect(t, plainConfig(), "")
	for range 10 {
		h.write(bytesOf(14600))
		h.ackAll(65535)
		h.sent = nil
	}
	if got := h.m.Info().Cwnd; got <= 14600 {
		t.Fatalf("cwnd: got %d, want more than 14600", got)
	}
	h.wait(3 * time.Second)
	h.write(bytesOf(100_000))
	if got := len(h.sent); got != 10 {
		t.Errorf("after a pause: got %d segments, want 10", got)
	}
}
