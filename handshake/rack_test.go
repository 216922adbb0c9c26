package handshake

import (
	"testing"
	"time"
)

// Less than three segments behind a hole may be reordering: a quarter of the
// least round trip is waited before the hole counts as lost. RFC 8985,
// Section 6.2, Steps 4 and 5 (C-73).
func TestReorderingTimer(t *testing.T) {
	h := fullSegments(t, 3, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:3001>", "")
	h.wait(25*time.Millisecond - 1)
	h.wantIdle()
	h.wait(1)
	h.want(". 1:1001(1000) ack 1")
	h.wantIdle()
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Timeouts != 0 {
		t.Errorf("got %d recoveries, %d timeouts; want 1, 0", got.FastRecoveries, got.Timeouts)
	}
}

// What arrives late, but within that time, costs nothing (C-73).
func TestReorderingWithinWindow(t *testing.T) {
	h := fullSegments(t, 3, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:3001>", "")
	h.wait(24 * time.Millisecond)
	h.in(". 1:1(0) ack 3001", "")
	h.wait(time.Second)
	h.wantIdle()
	if got := h.m.Info(); got.FastRecoveries != 0 || got.Threshold != 1<<30 {
		t.Errorf("got %d recoveries, threshold %d; want none", got.FastRecoveries, got.Threshold)
	}
}

// Once reordering was seen, three segments behind a hole are no proof any more:
// RFC 8985, Section 6.2, Step 4 (C-73).
func TestReorderingSeen(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:3001>", "")
	h.in(". 1:1(0) ack 3001", "") // the first one was late
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:10001>", "")
	h.wantIdle()
	h.wait(25 * time.Millisecond)
	h.want(". 3001:4001(1000) ack 1")
}

// A D-SACK says that something went again for nothing: the window grows by a
// quarter of a round trip, once a round trip, up to the smoothed one, and shrinks
// again after 16 recoveries without. RFC 8985, Section 6.2, Step 4 (C-73).
func TestReorderingWindowGrows(t *testing.T) {
	h := fullSegments(t, 3, withSACK())
	r, ms := &h.m.rack, time.Millisecond
	window := func() time.Duration { return r.window(firstInstant, 100*ms, false) }
	r.least.sample(firstInstant, 100*ms)
	una := h.m.send.una
	for _, step := range []struct {
		una, nxt int
		want     time.Duration
	}{
		{0, 3000, 50 * ms}, {0, 3000, 50 * ms}, {2000, 4000, 50 * ms}, // the same round trip
		{3000, 5000, 75 * ms}, {5000, 6000, 100 * ms},
		{6000, 7000, 100 * ms}, // not more than the smoothed round trip
	} {
		if r.duplicate(una.Add(step.una), una.Add(step.nxt)); window() != step.want {
			t.Errorf("D-SACK at %d: got %v, want %v", step.una, window(), step.want)
		}
	}
	for range 15 {
		r.recovered()
	}
	if got := window(); got != 100*ms {
		t.Errorf("after 15 recoveries: got %v, want 100ms", got)
	}
	if r.recovered(); window() != 25*ms {
		t.Errorf("after 16 recoveries: got %v, want 25ms", window())
	}
}

// The peer's D-SACK is taken from the first block, below the acknowledgement or
// within the second block. RFC 2883, Section 4 (C-23).
func TestDuplicateReported(t *testing.T) {
	for _, test := range []struct {
		sack string
		want int
	}{
		{"1:1001", 1},
		{"3001:4001 3001:5001", 1},
		{"3001:5001", 0},
		{"3001:4001 4001:5001", 0},
		{"4001:4001", 0},
	} {
		h := fullSegments(t, 5, withSACK())
		h.in(". 1:1(0) ack 1001 <nop,nop,sack "+test.sack+">", "")
		if got := h.m.Info().DuplicatesSent; got != test.want {
			t.Errorf("%s: got %d, want %d", test.sack, got, test.want)
		}
	}
}

// The least round trip is forgotten after some minutes.
func TestMinimumRTT(t *testing.T) {
	var m minimumRTT
	now, ms := firstInstant, time.Millisecond
	for _, step := range []struct {
		after, rtt, want time.Duration
	}{
		{0, 50 * ms, 50 * ms}, {time.Second, 40 * ms, 40 * ms}, {time.Second, 60 * ms, 40 * ms},
		{minimumRTTHalf, 60 * ms, 40 * ms}, {minimumRTTHalf, 70 * ms, 60 * ms},
	} {
		now = now.Add(step.after)
		if m.sample(now, step.rtt); m.value(now) != step.want {
			t.Errorf("after %v: got %v, want %v", now.Sub(firstInstant), m.value(now), step.want)
		}
	}
}

// An answer that comes sooner than any round trip has taken is to the first
// sending, and says nothing about what was sent before the second one. RFC 8985,
// Section 6.2, Step 2 (C-73).
func TestImplausibleAnswer(t *testing.T) {
	for _, timestamps := range []bool{false, true} {
		c := withSACK()
		ts, size := "", 1000
		if timestamps {
			c = withTimestamps()
			c.NoSACK = false
			ts, size = ",nop,nop,TS val 7 ecr 300", 988
		}
		h := fullSegments(t, 10, c)
		h.wait(100 * time.Millisecond)
		h.in(". 1:1(0) ack 1 <"+sackText(1+size, 1+4*size)+ts+">", "")
		if len(h.sent) == 0 {
			t.Fatal("nothing went again")
		}
		before := h.m.rack.sentAt
		h.wait(time.Millisecond / 2)
		h.in(". 1:1(0) ack "+itoa(1+4*size)+" <nop,nop"+ts+">", "")
		if got := h.m.rack.sentAt; got != before {
			t.Errorf("timestamps %v: RACK has moved to what was sent %v ago", timestamps, h.m.clock(h.now).Sub(got))
		}
	}
}

// As long as no round trip was measured no answer to what has gone more than once is
// plausible: here everything has, as it went with a SYN-ACK that was lost. What arrives
// late does not send the rest a third time, let alone once for each acknowledgement.
// With timestamps there is a measurement. RFC 8985, Section 6.2, Step 2 (C-73).
func TestImplausibleWithoutRoundTrip(t *testing.T) {
	for _, timestamps := range []bool{false, true} {
		c, size := withSACK(), 1000
		ts := func(int) string { return "" }
		if timestamps {
			c, size = withTimestamps(), 988
			c.NoSACK = false
			ts = func(ecr int) string { return ",nop,nop,TS val 7 ecr " + itoa(ecr) }
		}
		h := startServer(t, c, admitted, "S 0:5(5) <mss 1000,sackOK"+ts(0)+">", "hello")
		h.write(bytesOf(6 * size))
		h.wait(time.Second)
		h.sent = nil
		h.in(". 6:6(0) ack 1 <nop,nop"+ts(100)+">", "") // of the first SYN-ACK
		h.wait(100 * time.Millisecond)
		h.in(". 6:6(0) ack "+itoa(1+size)+" <nop,nop"+ts(1100)+">", "")
		h.wait(100 * time.Millisecond)
		h.in(". 6:6(0) ack "+itoa(1+3*size)+" <nop,nop"+ts(1200)+">", "")
		if got := h.m.Info().Retransmits; got != 6 {
			t.Fatalf("timestamps %v: %d segments went again, want 6", timestamps, got)
		}
		h.wait(100 * time.Millisecond)
		h.in(". 6:6(0) ack "+itoa(1+3*size)+" <"+sackText(1+4*size, 1+5*size)+ts(1200)+">", "")
		want := 6
		if timestamps {
			want = 7 // the one before is lost
		}
		if got := h.m.Info().Retransmits; got != want {
			t.Errorf("timestamps %v: %d segments went again after a round trip, want %d", timestamps, got, want)
		}
		h.wait(time.Millisecond)
		h.in(". 6:6(0) ack "+itoa(1+5*size)+" <nop,nop"+ts(1300)+">", "") // it was late
		if got := h.m.Info().Retransmits; got != want {
			t.Errorf("timestamps %v: %d segments went again after what was late, want %d", timestamps, got, want)
		}
	}
}

// A second hole that is repaired shows that the repair of the first one was lost,
// with timestamps, too: what they echo then is older than both repairs (RFC 7323,
// Section 4.3; RFC 8985, Section 6.2, Step 2; C-73).
func TestLostRetransmissionBeforeAnother(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := fullSegments(t, 8, c)
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,TS val 8 ecr 200,"+sackText(1+988, 1+2*988, 1+3*988, 1+8*988)+">", "")
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,TS val 8 ecr 200,"+sackText(1+3*988, 1+8*988, 1+988, 1+2*988)+">", "")
	if got := h.m.Info().Retransmits; got != 2 {
		t.Fatalf("got %d retransmissions, want 2", got)
	}
	h.sent = nil
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,TS val 8 ecr 200,"+sackText(1+988, 1+8*988)+">", "")
	h.wait(30 * time.Millisecond)
	if got := h.m.Info(); got.Retransmits != 3 || got.Timeouts != 0 {
		t.Errorf("got %d retransmissions, %d timeouts; want 3, 0", got.Retransmits, got.Timeouts)
	}
}

// A segment SACKed late that was sent once is reordering; one that was sent again
// is not, nor is one whose SACK was forgotten after a timeout. RFC 8985,
// Section 6.2, Step 3 (C-73).
func TestReorderingDetection(t *testing.T) {
	h := fullSegments(t, 5, withSACK())
	h.in(". 1:1(0) ack 1 <nop,nop,sack 3001:4001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:2001 3001:4001>", "")
	if !h.m.rack.reordering {
		t.Error("a late segment was not noticed")
	}
	h = fullSegments(t, 5, withSACK())
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:4001>", "")
	h.want(". 1:1001(1000) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 4001", "")
	if h.m.rack.reordering {
		t.Error("a repaired loss counts as reordering")
	}
	h = fullSegments(t, 10, withSACK())
	h.in(". 1:1(0) ack 1 <nop,nop,sack 2001:3001 4001:10001>", "")
	for h.m.Info().Timeouts == 0 {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.wait(50 * time.Millisecond)
	h.in(". 1:1(0) ack 10001", "")
	if h.m.rack.reordering {
		t.Error("after a timeout everything counts as reordering")
	}
}
