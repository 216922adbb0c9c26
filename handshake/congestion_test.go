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

// Slow start grows by what was acknowledged, at most a segment an ACK;
// congestion avoidance by a segment a window, however the ACKs are split (C-74).
func TestCongestionGrowth(t *testing.T) {
	c := congestion{window: 10_000, threshold: 12_000}
	for _, step := range []struct{ acked, want int }{
		{0, 10_000}, {100, 10_100}, {1000, 11_100}, {5000, 12_100}, // slow start
		{12_099, 12_100}, {1, 13_100}, {6000, 13_100}, {7100, 14_100}, // avoidance
	} {
		if c.acked(step.acked, 1000); c.window != step.want {
			t.Errorf("after %d: got %d, want %d", step.acked, c.window, step.want)
		}
	}
	whole, split := congestion{window: 10_000, threshold: 1000}, congestion{window: 10_000, threshold: 1000}
	whole.acked(10_000, 1000)
	for range 1000 {
		split.acked(10, 1000)
	}
	if whole.window != split.window {
		t.Errorf("a split ACK gives %d, a whole one %d", split.window, whole.window)
	}
}

// A timeout collapses the window; the threshold falls once for a flight (C-71).
func TestCongestionTimeout(t *testing.T) {
	c := congestion{window: 20_000, threshold: 1 << 30}
	c.timedOut(20_000, 1000, true)
	c.timedOut(1000, 1000, false)
	if c.window != 1000 || c.threshold != 10_000 {
		t.Errorf("got window %d, threshold %d; want 1000, 10000", c.window, c.threshold)
	}
	c.timedOut(1000, 1000, true)
	if c.threshold != 2000 {
		t.Errorf("threshold: got %d, want 2000", c.threshold)
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
