package handshake

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// fullSegments is an established client that has sent n full segments of 1000
// bytes to a peer that is 100 ms away. What was sent is forgotten.
func fullSegments(t *testing.T, n int, c Config) *harness {
	t.Helper()
	h := startClient(t, c, "")
	h.wait(100 * time.Millisecond)
	synAck := "S. 0:0(0) ack 1 <mss 1000"
	if !c.NoSACK {
		synAck += ",sackOK"
	}
	if !c.NoTimestamps {
		synAck += ",TS val 7 ecr 100"
	}
	h.in(synAck+">", "")
	size := h.m.Info().MSS
	h.write(bytesOf(n * size))
	if got := len(h.sent) - 2; got != n {
		t.Fatalf("got %d segments, want %d", got, n)
	}
	h.sent = nil
	return h
}

// withSACK is plainConfig with SACK and, to make sums easy, NewReno.
func withSACK() Config {
	c := plainConfig()
	c.NoSACK = false
	c.Congestion = NewReno
	return c
}

func itoa(n int) string { return strconv.Itoa(n) }

// sackText is a SACK option in the text form, with blocks from each first number
// to each second one.
func sackText(edges ...int) string {
	var b strings.Builder
	b.WriteString("nop,nop,sack")
	for i := 0; i < len(edges); i += 2 {
		b.WriteString(" " + itoa(edges[i]) + ":" + itoa(edges[i+1]))
	}
	return b.String()
}

// One loss in the middle: the third segment that arrives behind it shows it, and
// it alone goes again, before any timer. RFC 8985, Section 6.2 (C-73).
func TestOneLoss(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 3001", "")
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:5001>", "")
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:6001>", "")
	h.wantIdle()
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:7001>", "")
	h.want(". 3001:4001(1000) ack 1")
	h.in(". 1:1(0) ack 3001 <nop,nop,sack 4001:10001>", "")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 10001", "")
	h.wantIdle()
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Timeouts != 0 || got.Retransmits != 1 {
		t.Errorf("got %d recoveries, %d timeouts, %d retransmissions; want 1, 0, 1", got.FastRecoveries, got.Timeouts, got.Retransmits)
	}
}

// Several losses in one flight go again in order, in one recovery: the window
// shrinks once. RFC 6675, Section 5 (C-73).
func TestSeveralLosses(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:2001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 3001:4001 1001:2001>", "")
	h.wantIdle()
	h.in(". 1:1(0) ack 1 <nop,nop,sack 6001:7001 3001:4001 1001:2001>", "")
	h.want(". 1:1001(1000) ack 1")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 6001:8001 3001:4001 1001:2001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 6001:9001 3001:4001 1001:2001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 6001:10001 3001:4001 1001:2001>", "")
	h.want(". 2001:3001(1000) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 2001 <nop,nop,sack 6001:10001 3001:4001>", "")
	h.want(". 4001:5001(1000) ack 1")
	h.want(". 5001:6001(1000) ack 1")
	h.in(". 1:1(0) ack 4001 <nop,nop,sack 6001:10001>", "")
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 10001", "")
	h.wantIdle()
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Timeouts != 0 || got.Retransmits != 4 {
		t.Errorf("got %d recoveries, %d timeouts, %d retransmissions; want 1, 0, 4", got.FastRecoveries, got.Timeouts, got.Retransmits)
	}
}

// A retransmission that is lost as well is found by what was sent after it, and
// costs no timeout. RFC 8985, Section 3.1 (C-73).
func TestLostRetransmission(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:2001 3001:10001>", "")
	h.want(". 1:1001(1000) ack 1")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 3001:10001 1001:2001>", "")
	h.wait(20 * time.Millisecond)
	h.write(bytesOf(5000))
	sent := h.sent
	h.sent = nil
	if len(sent) == 0 {
		t.Fatal("nothing sent in the recovery")
	}
	// All but the first retransmission arrive.
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:10001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:11001>", "")
	h.want(". 1:1001(1000) ack 1")
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Timeouts != 0 {
		t.Errorf("got %d recoveries, %d timeouts; want 1, 0", got.FastRecoveries, got.Timeouts)
	}
}

// Proportional Rate Reduction, by the numbers of RFC 6937, Section 3: 20
// segments in flight, the threshold is 10, so one goes out for two that arrive;
// at the end the window is the threshold (C-73).
func TestProportionalRateReduction(t *testing.T) {
	c := withSACK()
	c.InitialWindow = 20
	h := fullSegments(t, 20, c)
	h.write(bytesOf(40_000))
	h.wantIdle()
	h.wait(100 * time.Millisecond)
	sack := func(segments int) int {
		h.t.Helper()
		h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:"+itoa(1+1000*(1+segments))+">", "")
		n := len(h.sent)
		h.sent = nil
		return n
	}
	// Limited transmit: one for each of the first two (RFC 3042; RFC 6675, Section 5).
	if a, b := sack(1), sack(2); a != 1 || b != 1 {
		t.Errorf("limited transmit: got %d and %d segments, want 1 and 1", a, b)
	}
	// The third one begins: RecoverFS is 20, what was sacked before counts no more.
	sent := sack(3)
	for i := 4; i <= 17; i++ {
		sent += sack(i)
		arrived := i - 2 // since the recovery began, with the ACK that began it
		if want := max(arrived/2, 1); sent != want {
			t.Errorf("after %d have arrived: got %d sent, want %d", arrived, sent, want)
		}
	}
	// What is in the network has come down to the threshold, and stays there.
	if sent += sack(18) + sack(19); sent != 8 {
		t.Errorf("got %d sent in all, want 8", sent)
	}
	if got := h.m.Info(); got.Threshold != 10_000 || got.FastRecoveries != 1 {
		t.Errorf("got threshold %d, %d recoveries; want 10000, 1", got.Threshold, got.FastRecoveries)
	}
	// The recovery point is behind what limited transmit has sent.
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 20001", "")
	if h.m.recovery.phase != phaseRecovery {
		t.Error("the recovery ended before its point")
	}
	h.in(". 1:1(0) ack 22001", "")
	if got := h.m.Info().Cwnd; h.m.recovery.phase != phaseOpen || got != 10_000 {
		t.Errorf("at the end: got phase %d, cwnd %d; want open, 10000", h.m.recovery.phase, got)
	}
}

// When more is lost than the window shrinks by, what is in the network grows
// again to the threshold, by no more than a segment more than arrives (PRR-SSRB),
// and by no more than arrives while ACKs show further losses (PRR-CRB). RFC 6937,
// Section 3 (C-73).
func TestReductionBound(t *testing.T) {
	r := recovery{flight: 20_000}
	c := congestion{threshold: 10_000}
	for _, step := range []struct {
		pipe, delivered, sent int
		safe                  bool
		want                  int
	}{
		{pipe: 4000, delivered: 1000, want: 5000},             // one for one
		{pipe: 4000, delivered: 1000, sent: 1000, want: 5000}, // the same
		{pipe: 4000, delivered: 1000, sent: 1000, safe: true, want: 6000},
		{pipe: 9000, delivered: 4000, sent: 2000, safe: true, want: 10_000}, // not beyond the threshold
		{pipe: 10_000, delivered: 1000, sent: 1000, want: 10_000},
		{pipe: 0, delivered: 1000, sent: 20_000, want: 1000}, // repetitions were lost
	} {
		r.sent += step.sent
		if r.reduce(&c, step.pipe, step.delivered, 1000, step.safe); c.window != step.want {
			t.Errorf("%+v: got %d", step, c.window)
		}
	}
}

// A second timeout for the same flight doubles the time and leaves the threshold
// (RFC 6298, Section 5.5; RFC 5681, Section 3.1; C-70, C-71).
func TestSecondTimeout(t *testing.T) {
	c := withSACK()
	c.NoSACK = true
	h := fullSegments(t, 8, c)
	h.wait(300 * time.Millisecond)
	h.want(". 1:1001(1000) ack 1")
	threshold := h.m.Info().Threshold
	h.wait(600*time.Millisecond - 1)
	h.wantIdle()
	h.wait(1)
	h.want(". 1:985(984) ack 1") // the path may be narrower than was thought, see C-113
	if got := h.m.Info(); got.Threshold != threshold || threshold != 4000 || got.RTO != 1200*time.Millisecond {
		t.Errorf("got threshold %d after %d, RTO %v", got.Threshold, threshold, got.RTO)
	}
}

// A timeout ends a recovery, and no other one begins for what was sent before
// (RFC 6675, Section 5.1; C-71).
func TestTimeoutInRecovery(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:5001>", "")
	threshold := h.m.Info().Threshold
	h.wait(h.m.Info().RTO)
	h.sent = nil
	if got := h.m.Info(); got.Timeouts != 1 || got.Threshold != threshold || got.Cwnd != 1000 {
		t.Fatalf("got %d timeouts, threshold %d, cwnd %d; want 1, %d, 1000", got.Timeouts, got.Threshold, got.Cwnd, threshold)
	}
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:6001>", "")
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:10001>", "")
	if got := h.m.Info(); got.FastRecoveries != 1 || got.Threshold != threshold {
		t.Errorf("got %d recoveries, threshold %d; want 1, %d", got.FastRecoveries, got.Threshold, threshold)
	}
}

// A timeout sends one segment, whatever pieces its bytes were sent in, and no
// byte of it twice.
func TestTimeoutAcrossPieces(t *testing.T) {
	h := fullSegments(t, 0, withSACK())
	for range 4 {
		h.write(bytesOf(300))
		h.wait(time.Millisecond)
	}
	h.sent = nil
	for h.m.Info().TailProbes == 0 {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.want("P. 901:1201(300) ack 1")
	for h.m.Info().Timeouts == 0 {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.want(". 1:1001(1000) ack 1")
	h.wantIdle()
	if got := h.m.pipe(); got != 1000 {
		t.Errorf("in the network: got %d bytes, want 1000", got)
	}
}

// Small segments that are lost go again in as few as they fit into, as in Linux, which
// does not cut them anew for that (C-73).
func TestRepairJoinsSmallSegments(t *testing.T) {
	h := fullSegments(t, 0, withSACK())
	for range 8 {
		h.write(bytesOf(300))
		h.wait(time.Millisecond)
	}
	h.write(bytesOf(3000))
	h.sent = nil
	h.wait(92 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1201:1501 2401:5401>", "")
	h.want(". 1:901(900) ack 1")
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 901 <nop,nop,sack 1201:1501 2401:5401>", "")
	h.want(". 901:1201(300) ack 1")
	h.want(". 1501:2401(900) ack 1")
	h.wantIdle()
	if got := h.m.Info().Retransmits; got != 3 {
		t.Errorf("got %d segments sent again, want 3", got)
	}
}

// An acknowledgement that ends the recovery leaves the window at the threshold,
// however much it covers: what was SACKed before has been counted (RFC 6937,
// Section 3; C-74).
func TestWindowAfterRecovery(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:10001>", "")
	h.write(bytesOf(10_000))
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 10001", "")
	if got := h.m.Info(); h.m.recovery.phase != phaseOpen || got.Cwnd != got.Threshold {
		t.Errorf("got phase %d, cwnd %d; want open, %d", h.m.recovery.phase, got.Cwnd, got.Threshold)
	}
}

// After a timeout one segment goes out, what was SACKed still counts, and each ACK adds one to the window at the most: a single ACK that covers all
// must not set free a burst (RFC 5681, Section 3.1; RFC 3465, Section 2.3; C-71,
// C-74).
func TestSlowStartAfterTimeout(t *testing.T) {
	c := withSACK()
	c.NoFRTO = true
	h := fullSegments(t, 10, c)
	h.write(bytesOf(30_000))
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 8001:10001>", "")
	h.sent = nil
	for h.m.Info().Timeouts == 0 {
		h.sent = nil
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.want(". 1:1001(1000) ack 1")
	h.wantIdle()
	if got := h.m.send.board.sacked; got != 2000 {
		t.Errorf("%d bytes count as SACKed, want 2000", got)
	}
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1001", "")
	h.want(". 1001:2001(1000) ack 1")
	h.want(". 2001:3001(1000) ack 1")
	h.wantIdle()
	h.in(". 1:1(0) ack 10001", "")
	if got := h.m.Info().Cwnd; got != 3000 {
		t.Errorf("cwnd: got %d, want 3000", got)
	}
}
