package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// A path that swallows full segments in silence: after two timeouts smaller ones
// are sent, and get through. RFC 4821, Section 7.7 (C-113).
func TestBlackHole(t *testing.T) {
	for _, test := range []struct {
		ipv6 bool
		mss  int // ours and the peer's
		want int
	}{
		{false, 1460, 984}, // an MTU of 1024
		{false, 8960, 984},
		{true, 1440, 1220}, // 1280
	} {
		c := plainConfig()
		c.IPv6, c.MSS = test.ipv6, test.mss
		h := connect(t, c, "S. 0:0(0) ack 1 <mss "+itoa(test.mss)+">")
		h.write(bytesOf(3 * test.mss))
		h.untilTimeout(1)
		if got := len(h.sent[0].Payload); got != test.mss {
			t.Errorf("IPv6 %v: the first repetition has %d bytes, want %d", test.ipv6, got, test.mss)
		}
		h.untilTimeout(2)
		if got := len(h.sent[0].Payload); got != test.want {
			t.Errorf("IPv6 %v: the second repetition has %d bytes, want %d", test.ipv6, got, test.want)
		}
		if got := h.m.Info(); got.PathNarrowed != 1 || got.MSS != test.want {
			t.Errorf("IPv6 %v: narrowed %d times, MSS %d; want 1, %d", test.ipv6, got.PathNarrowed, got.MSS, test.want)
		}
		h.sent = nil
		h.in(". 1:1(0) ack "+itoa(1+test.want), "")
		for _, s := range h.sent {
			if got := len(s.Payload); got > test.want {
				t.Errorf("IPv6 %v: what follows has %d bytes, want %d at the most", test.ipv6, got, test.want)
			}
		}
	}
}

// It goes on down to a floor: 512 bytes for IPv4, 1220 for IPv6, whose links all
// let that through. RFC 8200, Section 5 (C-113, C-118).
func TestBlackHoleFloor(t *testing.T) {
	for _, ipv6 := range []bool{false, true} {
		c := plainConfig()
		c.IPv6 = ipv6
		h := connect(t, c, "")
		h.write(bytesOf(5000))
		h.wait(30 * time.Second)
		want := 512
		if ipv6 {
			want = 1220
		}
		if got := h.m.Info().MSS; got != want {
			t.Errorf("IPv6 %v: got %d, want %d", ipv6, got, want)
		}
	}
}

// Small segments that are lost say nothing about large ones (C-113).
func TestBlackHoleSmallSegments(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.write(bytesOf(500))
	h.wait(10 * time.Second)
	if got := h.m.Info(); got.MSS != 1460 || got.PathNarrowed != 0 {
		t.Errorf("got MSS %d, narrowed %d times; want 1460, 0", got.MSS, got.PathNarrowed)
	}
}

// untilTimeout lets time pass until the retransmission timer has run out n times
// in all, and forgets what was sent before that.
func (h *harness) untilTimeout(n int) {
	h.t.Helper()
	for h.m.Info().Timeouts < n {
		h.sent = nil
		at := h.m.Deadline()
		if at.IsZero() {
			h.t.Fatal("no timer is running")
		}
		h.now = at
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
}

// narrowed is an established client on a path that was found to take 984 bytes,
// with a window of so many segments that nothing is outstanding in.
func narrowed(t *testing.T) *harness {
	t.Helper()
	h := startClient(t, withSACK(), "")
	h.wait(100 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460,sackOK>", "")
	h.write(bytesOf(1460))
	for h.m.Info().PathNarrowed == 0 {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	for h.m.Unsent() > 0 {
		h.wait(10 * time.Millisecond)
		h.ackAll(65535)
	}
	h.m.cwnd.window, h.m.cwnd.threshold = 20_000, 10_000
	h.sent = nil
	return h
}

// probe lets a probe of the path out and returns its length, with the segments
// that show whether it was lost behind it. They are all outstanding.
func (h *harness) probePath() int {
	h.t.Helper()
	h.write(bytesOf(8000))
	if len(h.sent) < 4 {
		h.t.Fatalf("got %d segments, want a probe and three more", len(h.sent))
	}
	n := len(h.sent[0].Payload)
	for _, s := range h.sent[1:] {
		if len(s.Payload) > h.m.Info().MSS {
			h.t.Errorf("a segment of %d bytes besides the probe", len(s.Payload))
		}
	}
	h.sent = nil
	return n
}

// Once the connection lives again larger segments are tried, one at a time: the
// full size first, since what was swallowed may have been lost for another
// reason. RFC 4821, Sections 7.3 to 7.6 (C-113).
func TestPathProbe(t *testing.T) {
	h := narrowed(t)
	if got := h.probePath(); got != 1460 {
		t.Errorf("probe: got %d bytes, want 1460", got)
	}
	if got := h.m.Info().MSS; got != 984 {
		t.Errorf("before the answer: MSS %d, want 984", got)
	}
	h.wait(100 * time.Millisecond)
	h.ackAll(65535)
	if got := h.m.Info().MSS; got != 1460 {
		t.Errorf("after the answer: MSS %d, want 1460", got)
	}
}

// The loss of a probe is no sign of congestion: its bytes go again in segments
// that pass, the window stays, and the search goes on below, in halves, until
// what is left is not worth it. RFC 4821, Sections 7.3 and 7.6.2 (C-113).
func TestPathProbeLost(t *testing.T) {
	h := narrowed(t)
	const passes = 1200
	for _, want := range []int{1460, 1222, 1103, 1162, 1192, 0} {
		before := h.m.Info()
		una := h.m.send.una.Diff(ourISS)
		got := h.probePath()
		if want == 0 {
			if got != before.MSS {
				t.Errorf("the search should be over at %d: got a probe of %d", before.MSS, got)
			}
			break
		}
		if got != want {
			t.Fatalf("probe: got %d bytes, want %d", got, want)
		}
		h.wait(100 * time.Millisecond)
		if want > passes {
			h.in(". 1:1(0) ack "+itoa(una)+" <"+sackText(una+got, h.m.send.nxt.Diff(ourISS))+">", "")
			resent := 0
			for _, s := range h.sent {
				resent += len(s.Payload)
				if len(s.Payload) > before.MSS {
					t.Errorf("a repetition of %d bytes", len(s.Payload))
				}
			}
			if resent < got {
				t.Errorf("probe of %d lost: %d bytes go again", got, resent)
			}
			if after := h.m.Info(); after.FastRecoveries != 0 || after.Threshold != before.Threshold || after.Cwnd < before.Cwnd {
				t.Errorf("probe of %d lost: %d recoveries, threshold %d, cwnd %d", got, after.FastRecoveries, after.Threshold, after.Cwnd)
			}
			h.wait(100 * time.Millisecond)
		}
		h.ackAll(65535)
		h.sent = nil
	}
	if got := h.m.Info().MSS; got != 1192 {
		t.Errorf("found %d, want 1192", got)
	}
}

// If more than the probe was lost, that is congestion (C-113).
func TestPathProbeLostWithOthers(t *testing.T) {
	h := narrowed(t)
	una := h.m.send.una.Diff(ourISS)
	got := h.probePath()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack "+itoa(una)+" <"+sackText(una+got+984, h.m.send.nxt.Diff(ourISS))+">", "")
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Threshold > 10_000 {
		t.Errorf("got %d recoveries, threshold %d; want 1, less than 10000", got.FastRecoveries, got.Threshold)
	}
}

// A path that was found narrow is tried again after ten minutes, from the top.
// RFC 1191, Section 6.3; RFC 4821, Section 7.7 (C-113).
func TestPathProbeAgain(t *testing.T) {
	for _, sack := range []bool{true, false} {
		h := narrowed(t)
		h.probePath()
		h.wait(100 * time.Millisecond)
		una := h.m.send.una.Diff(ourISS)
		h.in(". 1:1(0) ack "+itoa(una)+" <"+sackText(una+1460, h.m.send.nxt.Diff(ourISS))+">", "")
		h.wait(100 * time.Millisecond)
		h.ackAll(65535)
		h.m.handshake.sack = sack
		h.wait(pathRetryAfter)
		h.sent = nil
		if h.write(bytesOf(8000)); len(h.sent[0].Payload) != 1460 {
			t.Errorf("SACK %v: got %d bytes, want 1460", sack, len(h.sent[0].Payload))
		}
	}
}

// An error that says how narrow the path is ends the search (C-112, C-113).
func TestPacketTooBigEndsSearch(t *testing.T) {
	h := narrowed(t)
	h.probePath()
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 940, Seq: h.m.send.una})
	if got := h.m.Info().MSS; got != 900 {
		t.Errorf("MSS: got %d, want 900", got)
	}
	for h.m.Unsent() > 0 {
		h.wait(100 * time.Millisecond)
		h.ackAll(65535)
	}
	h.sent = nil
	h.write(bytesOf(8000))
	for _, s := range h.sent {
		if len(s.Payload) > 900 {
			t.Errorf("a segment of %d bytes", len(s.Payload))
		}
	}
}

// The loss that an error explains is no congestion, also if there is no room to repair all
// of it at once; a timeout after it is (RFC 1191, Section 6.4; C-112).
func TestPacketTooBigIsNoCongestion(t *testing.T) {
	for _, window := range []string{"65535", "1800"} {
		h := fullSegments(t, 8, withSACK())
		before := h.m.Info()
		h.in(". 1:1(0) ack 1 win "+window, "")
		h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 840, Seq: ourISS.Add(1)})
		h.wait(100 * time.Millisecond)
		h.in(". 1:1(0) ack 1601", "")
		if got := h.m.Info(); got.FastRecoveries != 0 || got.Timeouts != 0 || got.Threshold != before.Threshold || got.MSS != 800 {
			t.Errorf("window %s: got %d recoveries, %d timeouts, threshold %d, MSS %d", window, got.FastRecoveries, got.Timeouts, got.Threshold, got.MSS)
		}
		h.wait(h.m.Info().RTO)
		if got := h.m.Info(); got.Timeouts != 1 || got.Threshold != 3200 {
			t.Errorf("window %s: got %d timeouts, threshold %d; want 1, 3200", window, got.Timeouts, got.Threshold)
		}
		h.in(". 1:1(0) ack 8001", "")
		if got := h.m.Info(); got.FastRecoveries != 0 || got.CongestionState != CongestionOpen {
			t.Errorf("window %s: got %d recoveries, state %v; want 0, open", window, got.FastRecoveries, got.CongestionState)
		}
	}
}

// Duplicate ACKs for what was sent behind a segment that was too big do not have it go
// once more (C-112).
func TestPacketTooBigAndDuplicates(t *testing.T) {
	h := fullSegments(t, 1, plainConfig())
	for range 4 {
		h.wait(time.Millisecond)
		h.write(bytesOf(300))
	}
	h.sent = nil
	h.wait(50 * time.Millisecond)
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 840, Seq: ourISS.Add(1)})
	h.want(". 1:801(800) ack 1")
	h.want(". 801:1001(200) ack 1")
	h.wait(50 * time.Millisecond)
	for range 4 {
		h.in(". 1:1(0) ack 1", "")
	}
	h.wantIdle()
	h.wait(50 * time.Millisecond)
	h.in(". 1:1(0) ack 2201", "")
	if got := h.m.Info(); got.FastRecoveries != 0 || got.Timeouts != 0 || got.CongestionState != CongestionOpen {
		t.Errorf("got %d recoveries, %d timeouts, state %v; want 0, 0, open", got.FastRecoveries, got.Timeouts, got.CongestionState)
	}
}
