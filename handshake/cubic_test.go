package handshake

import (
	"math"
	"testing"
	"time"
)

// afterLoss is CUBIC in congestion avoidance after a loss at so many segments of
// 1000 bytes, with nothing in slow start.
func afterLoss(segments int) congestion {
	c := congestion{window: 1000 * segments, threshold: 1 << 30, limited: true}
	c.lost(c.window, 1000)
	c.window = c.threshold
	return c
}

// roundTrips acknowledges whole windows, segment by segment, and returns the time
// after.
func (c *congestion) roundTrips(now instant, n int, rtt time.Duration) instant {
	for range n {
		segments := c.window / 1000
		for i := range segments {
			c.acked(now.Add(rtt*time.Duration(i)/time.Duration(segments)), 1000, 1000, rtt)
		}
		now = now.Add(rtt)
	}
	return now
}

// The curve for a loss at 100 segments, computed by hand: K is the cube root of
// (100-70)/0.4, and W_cubic(t) = 0.4(t-K)^3 + 100. RFC 9438, Sections 4.2 and 4.6
// (C-74).
func TestCubicCurve(t *testing.T) {
	c := afterLoss(100)
	if c.threshold != 70_000 {
		t.Errorf("threshold: got %d, want 70000", c.threshold)
	}
	c.acked(firstInstant, 1000, 1000, 100*time.Millisecond)
	if got := c.cubic.k; math.Abs(got-4.217163) > 1e-6 {
		t.Errorf("K: got %v, want 4.217163", got)
	}
	for _, p := range []struct{ t, want float64 }{
		{0, 70}, {1, 86.680764}, {2, 95.640336}, {4.217163, 100}, {6, 102.266703}, {8, 121.652735},
	} {
		if got := c.cubic.at(p.t); math.Abs(got-p.want) > 1e-5 {
			t.Errorf("W_cubic(%v): got %v, want %v", p.t, got, p.want)
		}
	}
}

// One acknowledgement moves the window by (target-cwnd)/cwnd segments, with the
// target a round trip ahead, between cwnd and half as much again. RFC 9438,
// Sections 4.2, 4.4 and 4.5 (C-74).
func TestCubicStep(t *testing.T) {
	for _, test := range []struct {
		name   string
		at     time.Duration
		window int
		want   int
	}{
		{"concave", 2 * time.Second, 95_000, 95_012},       // W_cubic(2.1) = 96.204, 1.204/95 of a segment
		{"convex", 8 * time.Second, 120_000, 120_028},      // W_cubic(8.1) = 123.416, 3.416/120
		{"already there", 2 * time.Second, 99_000, 99_000}, // W_cubic(2.1) is less
		{"far behind", 20 * time.Second, 100_000, 100_500}, // half as much again
		{"Reno is ahead", 0, 70_000, 70_007},               // W_est: 0.529/70 of a segment
	} {
		t.Run(test.name, func(t *testing.T) {
			c := afterLoss(100)
			c.cubic.begin(firstInstant, 70)
			c.window = test.window
			c.acked(firstInstant.Add(test.at), 1000, 1000, 100*time.Millisecond)
			if c.window != test.want {
				t.Errorf("got %d, want %d", c.window, test.want)
			}
		})
	}
}

// Driven by acknowledgements the window follows the curve: flat around the size
// at the last loss, and on from there (C-74).
func TestCubicGrowth(t *testing.T) {
	c := afterLoss(100)
	now := c.roundTrips(firstInstant, 42, 100*time.Millisecond)
	if c.window < 99_000 || c.window > 100_500 {
		t.Errorf("after K: got %d, want 100000 or a little less", c.window)
	}
	c.roundTrips(now, 38, 100*time.Millisecond)
	if c.window < 119_000 || c.window > 125_000 {
		t.Errorf("after 8 s: got %d, want about 121652", c.window)
	}
}

// Where the curve is flatter than Reno, the window is Reno's for this reduction:
// 3(1-0.7)/(1+0.7) segments a round trip up to the window at the loss, then one.
// RFC 9438, Section 4.3 (C-74).
func TestCubicRenoFriendly(t *testing.T) {
	c := afterLoss(20)
	const rtt = time.Millisecond
	now := c.roundTrips(firstInstant, 10, rtt)
	if c.window < 14_000+4900 || c.window > 14_000+5400 { // 5.29 segments
		t.Errorf("after 10 round trips: got %d, want about 19290", c.window)
	}
	now = c.roundTrips(now, 2, rtt)
	before := c.window
	if before < 20_000 {
		t.Fatalf("after 12 round trips: got %d, want 20000 or more", before)
	}
	c.roundTrips(now, 10, rtt)
	if grown := c.window - before; grown < 9000 || grown > 10_100 {
		t.Errorf("beyond the window at the loss: got %d in 10 round trips, want about 10000", grown)
	}
}

// A loss below the last one leaves room for others. RFC 9438, Section 4.7 (C-74).
func TestCubicFastConvergence(t *testing.T) {
	var c cubic
	for _, step := range []struct {
		window, threshold int
		most              float64
	}{
		{100_000, 70_000, 100},
		{80_000, 56_000, 68}, // 80 * 1.7 / 2
		{90_000, 63_000, 90}, // above the last one
	} {
		if got := c.lost(step.window, 1000); got != step.threshold || math.Abs(c.most-step.most) > 1e-9 {
			t.Errorf("loss at %d: got threshold %d, W_max %v; want %d, %v", step.window, got, c.most, step.threshold, step.most)
		}
	}
}

// What counts is what was in flight, not a window that was never used. RFC 9438,
// Section 4.6 (C-71).
func TestCubicLossOfSmallFlight(t *testing.T) {
	var c cubic
	if got := c.lost(10_000, 1000); got != 7000 || c.most != 10 {
		t.Errorf("got threshold %d, W_max %v; want 7000, 10", got, c.most)
	}
}

// Growth by less than a byte is not lost: a large window at a short round trip
// grows all the same.
func TestCubicSmallSteps(t *testing.T) {
	c := afterLoss(4000)
	c.roundTrips(firstInstant, 400, 10*time.Millisecond) // 4 s; K is 14.4
	want := c.cubic.at(4) * 1000
	if math.Abs(float64(c.window)-want) > want/100 {
		t.Errorf("got %d, want about %.0f", c.window, want)
	}
}

// After a timeout the curve begins where slow start ends: K is 0 and W_max the
// window there. RFC 9438, Section 4.8 (C-71, C-74).
func TestCubicAfterTimeout(t *testing.T) {
	c := withSACK()
	c.Congestion = Cubic
	h := fullSegments(t, 10, c)
	h.wait(time.Second)
	if got := h.m.Info(); got.Timeouts == 0 || got.Threshold != 7000 {
		t.Fatalf("got %d timeouts, threshold %d", got.Timeouts, got.Threshold)
	}
	w := &h.m.cwnd
	w.window = w.threshold
	w.limited = true
	w.acked(firstInstant, 1000, 1000, 100*time.Millisecond)
	if got := w.cubic; got.k != 0 || got.most != 7 {
		t.Errorf("got K %v, W_max %v; want 0, 7", got.k, got.most)
	}
}

// Without something to send the window does not grow, and the time does not count:
// what comes after goes on where it was. RFC 9438, Section 5.8 (C-74).
func TestCubicApplicationLimited(t *testing.T) {
	const rtt = 100 * time.Millisecond
	c := afterLoss(100)
	now := c.roundTrips(firstInstant, 20, rtt)
	window := c.window
	c.limited = false
	now = c.roundTrips(now, 100, rtt)
	if c.window != window {
		t.Errorf("it grew from %d to %d unused", window, c.window)
	}
	c.limited = true
	c.roundTrips(now, 22, rtt)
	if c.window < 98_500 || c.window > 100_500 {
		t.Errorf("4.2 s after the loss, pause left out: got %d, want about 100000", c.window)
	}
}
