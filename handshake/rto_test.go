package handshake

import (
	"testing"
	"time"
)

// The formulas of RFC 6298, Section 2, step by step (C-70).
func TestRTTEstimator(t *testing.T) {
	var r rttEstimator
	r.init(&Config{InitialRTO: time.Second, MinRTO: time.Millisecond, MaxRTO: 60 * time.Second})
	ms := time.Millisecond
	for _, step := range []struct {
		sample            time.Duration
		srtt, rttvar, rto time.Duration
	}{
		{100 * ms, 100 * ms, 50 * ms, 300 * ms},
		{120 * ms, 102500 * time.Microsecond, 42500 * time.Microsecond, 272500 * time.Microsecond},
		{80 * ms, 99687500, 37500 * time.Microsecond, 249687500},
	} {
		r.sample(step.sample)
		if r.srtt != step.srtt || r.rttvar != step.rttvar || r.rto != step.rto {
			t.Errorf("after %v: got %v, %v, %v; want %v, %v, %v",
				step.sample, r.srtt, r.rttvar, r.rto, step.srtt, step.rttvar, step.rto)
		}
	}
	r.backOff()
	if got, want := r.rto, 2*249687500*time.Nanosecond; got != want {
		t.Errorf("backed off: got %v, want %v", got, want)
	}
	for range 20 {
		r.backOff()
	}
	if got := r.rto; got != 60*time.Second {
		t.Errorf("ceiling: got %v, want 60s", got)
	}
	r.sample(0)
	if r.srtt == 0 || r.rto >= 60*time.Second {
		t.Errorf("after a sample of nothing: SRTT %v, RTO %v", r.srtt, r.rto)
	}
}

// The floor is configurable (C-70).
func TestMinRTO(t *testing.T) {
	c := plainConfig()
	c.MinRTO = time.Second
	h := connect(t, c, "")
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
	h.wait(time.Second)
	h.wantIdle()
	h.wait(h.m.Info().RTT) // the floor is for what comes on top of it
	h.want("P. 1:6(5) ack 1")
}

// afterRTT is a client whose SYN took 100 ms: its RTO is 300 ms.
func afterRTT(t *testing.T, c Config) *harness {
	t.Helper()
	h := startClient(t, c, "")
	h.want("S 0:0(0) <...>")
	h.wait(100 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
	return h
}

// The oldest segment goes again alone, the timeout doubles, and the next ACK
// opens the window from one segment. RFC 5681, Section 3.1 (C-70, C-71).
func TestRetransmission(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write(bytesOf(5840))
	for range 4 {
		h.sent = h.sent[1:]
	}
	h.wantIdle()
	h.wait(300*time.Millisecond - 1)
	h.wantIdle()
	h.wait(1)
	h.want(". 1:1461(1460) ack 1")
	h.wantIdle()
	if got := h.m.Info(); got.Cwnd != 1460 || got.Retransmits != 1 || got.RTO != 600*time.Millisecond {
		t.Errorf("got cwnd %d, %d retransmissions", got.Cwnd, got.Retransmits)
	}
	if got, want := h.m.cwnd.threshold, 5840*7/10; got != want {
		t.Errorf("ssthresh: got %d, want %d", got, want)
	}
	h.in(". 1:1(0) ack 1461", "")
	h.want(". 1461:2921(1460) ack 1")
	h.want(". 2921:4381(1460) ack 1")
	h.wantIdle()
	// The rest had arrived.
	h.in(". 1:1(0) ack 5841", "")
	h.wantIdle()
	if got := h.m.Deadline(); !got.IsZero() {
		t.Errorf("all is acknowledged, and a timer runs to %v", got)
	}
}

// What was sent twice is no measure: the timeout stays doubled until a new
// segment was acknowledged (C-70, Karn).
func TestKarn(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
	h.wait(300 * time.Millisecond)
	h.want("P. 1:6(5) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 6", "")
	if got := h.m.Info(); got.RTO != 600*time.Millisecond || got.RTT != 100*time.Millisecond {
		t.Errorf("got RTT %v, RTO %v", got.RTT, got.RTO)
	}
	h.write("world")
	h.want("P. 6:11(5) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 11", "")
	if got, want := h.m.Info().RTO, 300*time.Millisecond; got != want {
		t.Errorf("after a good sample: got RTO %v, want %v", got, want)
	}
}

// With timestamps a repeated segment measures as well (RFC 7323, Section 4.1).
func TestTimestampSample(t *testing.T) {
	h := connect(t, withTimestamps(), "S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>")
	h.write("hello")
	h.want("P. 1:6(5) ack 1 <nop,nop,TS val 100 ecr 7>")
	h.wait(h.m.Info().RTO)
	h.want("P. 1:6(5) ack 1 <nop,nop,TS val 300 ecr 7>")
	h.wait(50 * time.Millisecond)
	h.in(". 1:1(0) ack 6 <nop,nop,TS val 8 ecr 300>", "")
	if got := h.m.Info().RTO; got >= 400*time.Millisecond {
		t.Errorf("RTO: got %v, want a new one", got)
	}
}

// An echo of something that was never sent is no measure.
func TestForgedEcho(t *testing.T) {
	for _, ecr := range []string{"99", "999999", "3000000000", "0"} {
		h := connect(t, withTimestamps(), "S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>")
		h.write("hello")
		h.wait(h.m.Info().RTO)
		before := h.m.Info()
		h.in(". 1:1(0) ack 6 <nop,nop,TS val 8 ecr "+ecr+">", "")
		if got := h.m.Info(); got.RTT != before.RTT || got.RTO != before.RTO {
			t.Errorf("ecr %s: RTT %v became %v, RTO %v became %v", ecr, before.RTT, got.RTT, before.RTO, got.RTO)
		}
	}
}

// The timer starts anew with every ACK of something new, and stops when all is
// acknowledged (C-70).
func TestTimerRestarts(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write(bytesOf(2920))
	h.sent = nil
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1461", "")
	rto := h.m.Info().RTO
	if got, want := h.m.Deadline(), h.now.Add(rto); !got.Equal(want) {
		t.Errorf("deadline: got %v, want %v", got, want)
	}
	h.wait(50 * time.Millisecond)
	h.in(". 1:1(0) ack 1461", "") // nothing new
	if got, want := h.m.Deadline(), h.now.Add(rto-50*time.Millisecond); !got.Equal(want) {
		t.Errorf("deadline after a duplicate: got %v, want %v", got, want)
	}
	h.in(". 1:1(0) ack 2921", "")
	if got := h.m.Deadline(); !got.IsZero() {
		t.Errorf("deadline: got %v, want none", got)
	}
}

// Data that nobody acknowledges ends the connection, after 100 s at the least
// (C-77).
func TestDataTimeout(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.write("hello")
	h.wait(100 * time.Second)
	h.wantState(Established)
	if got := len(h.sent); got < 4 {
		t.Errorf("sent %d times, want at least 4", got)
	}
	h.wait(10 * time.Second)
	h.wantEnd(ErrTimeout)
}

// Without a measurement of its own the timeout after a lost SYN is 3 s, and the
// window one segment. RFC 6298, Section 5.7; RFC 5681, Section 3.1 (C-52, C-53).
func TestAfterLostSyn(t *testing.T) {
	h := startClient(t, plainConfig(), bytesOf(4000))
	h.want("S 0:0(0) <...>")
	h.wait(time.Second)
	h.want("S 0:0(0) <...>")
	h.wait(100 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1461(1460) ack 1")
	h.wantIdle()
	if got := h.m.Info(); got.RTO != 3*time.Second || got.RTT != 0 {
		t.Errorf("got RTT %v, RTO %v; want none, 3s", got.RTT, got.RTO)
	}
}

// Timestamps tell which SYN was answered (C-52).
func TestAfterLostSynTimestamps(t *testing.T) {
	h := startClient(t, withTimestamps(), "")
	h.want("S 0:0(0) <mss 1460,nop,nop,TS val 100 ecr 0>")
	h.wait(time.Second)
	h.want("S 0:0(0) <mss 1460,nop,nop,TS val 1100 ecr 0>")
	h.wait(100 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 1100>", "")
	if got := h.m.Info(); got.RTT != 100*time.Millisecond || got.RTO != 300*time.Millisecond {
		t.Errorf("got RTT %v, RTO %v; want 100ms, 300ms", got.RTT, got.RTO)
	}
}

// The timestamp of an earlier SYN or SYN-ACK tells nothing: it was answered, the
// answer lost, and what answers the next one echoes it still. Nothing has been
// measured then. C-52.
func TestAfterLostSynOldTimestamp(t *testing.T) {
	unmeasured := func(what string, h *harness) {
		t.Helper()
		if got := h.m.Info(); got.RTT != 0 || got.RTO != 3*time.Second {
			t.Errorf("%s: RTT %v, RTO %v; want none, 3s", what, got.RTT, got.RTO)
		}
	}
	h := startClient(t, withTimestamps(), "")
	h.wait(time.Second)
	h.wait(10 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>", "")
	unmeasured("client", h)

	h = startServer(t, withTimestamps(), Admission{}, "S 0:0(0) <mss 1460,TS val 7 ecr 0>", "")
	h.wait(time.Second)
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <TS val 8 ecr 100>", "")
	unmeasured("server", h)

	// A SYN that comes again has the same effect.
	h = startServer(t, withTimestamps(), Admission{}, "S 0:0(0) <mss 1460,TS val 7 ecr 0>", "")
	h.wait(900 * time.Millisecond)
	h.in("S 0:0(0) <mss 1460,TS val 907 ecr 0>", "")
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <TS val 917 ecr 1000>", "")
	if got := h.m.Info().RTT; got != 10*time.Millisecond {
		t.Errorf("server, SYN repeated: RTT %v, want that of the second SYN-ACK, 10ms", got)
	}
}

// A SYN-ACK that had to go again is no reason to do without a tail loss probe for
// what is sent after the handshake: it comes before the timeout of 3 s.
func TestTailProbeAfterLostSynAck(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := startServer(t, c, Admission{}, "S 0:0(0) <mss 1460,sackOK,TS val 7 ecr 0>", "")
	h.wait(time.Second)
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <TS val 8 ecr 100>", "")
	h.write("hello")
	h.sent = nil
	h.wait(firstTailProbe)
	h.want("P. 1:6(5) ack 1 <...>")
	if got := h.m.Info(); got.TailProbes != 1 || got.Timeouts != 0 {
		t.Errorf("%d tail probes, %d timeouts; want 1, 0", got.TailProbes, got.Timeouts)
	}
}

// The SYN is what is timed, whatever part of its data is acknowledged (C-76).
func TestSynSample(t *testing.T) {
	for _, ack := range []string{"1", "3", "6"} {
		h := startClient(t, withCookie(aCookie), "hello")
		h.want("S 0:5(5) <...>")
		h.wait(20 * time.Millisecond)
		h.in("S. 0:0(0) ack "+ack+" <mss 1460>", "")
		if got := h.m.Info(); got.RTT != 20*time.Millisecond || got.Cwnd != 14600 {
			t.Errorf("ack %s: got RTT %v, cwnd %d; want 20ms, 14600", ack, got.RTT, got.Cwnd)
		}
	}
}
