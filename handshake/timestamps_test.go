package handshake

import (
	"testing"
	"time"
)

// tsConnection is a client with timestamps; the peer's last value is 7.
func tsConnection(t *testing.T) *harness {
	t.Helper()
	return connect(t, withTimestamps(), "S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>")
}

// The option is on every segment once both SYNs had it, but for resets.
// RFC 7323, Section 3.2 (C-30).
func TestTimestampsOnEverySegment(t *testing.T) {
	h := startClient(t, withTimestamps(), "hello")
	h.want("S 0:0(0) <mss 1460,nop,nop,TS val 100 ecr 0>")
	h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>", "")
	h.want("P. 1:6(5) ack 1 <nop,nop,TS val 100 ecr 7>")
	h.wait(30 * time.Millisecond)
	h.in("P. 1:6(5) ack 6 <nop,nop,TS val 9 ecr 100>", "world")
	h.closeWrite()
	h.want("F. 6:6(0) ack 6 <nop,nop,TS val 130 ecr 9>")
	h.abort()
	h.want("R. 7:7(0) ack 6 win 65530 <nop,nop,TS val 130 ecr 9>")
}

// Linux takes such a segment, on request so do we.
func TestTimestampMissingTolerated(t *testing.T) {
	c := withTimestamps()
	c.LaxTimestamps = true
	h := startClient(t, c, "")
	h.want("S 0:0(0) <...>")
	h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>", "")
	h.want(". 1:1(0) ack 1 <...>")
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantRead("hello")
	h.write("world")
	h.want("P. 1:6(5) ack 6 <nop,nop,TS val 100 ecr 7>")
	h.in(". 6:6(0) ack 6", "")
	if got := h.m.Unsent(); got != 0 {
		t.Errorf("%d bytes are not acknowledged", got)
	}
}

// Without it in the SYN-ACK there is none; and none without having offered it.
func TestTimestampsNotAgreed(t *testing.T) {
	h := connect(t, withTimestamps(), "S. 0:0(0) ack 1 <mss 1460>")
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
	h = connect(t, plainConfig(), "S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 0>")
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
}

// Once agreed on, a segment without it is dropped, and the connection lives (C-30).
func TestTimestampMissing(t *testing.T) {
	h := tsConnection(t)
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantIdle()
	h.wantDropped(DropNoTimestamp)
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 7 ecr 100>", "hello")
	h.wantRead("hello")
	h.in("R 6:6(0)", "") // a reset needs none
	h.wantEnd(ErrReset)
}

// The SYN-ACK echoes the SYN's value (C-31).
func TestSynAckEcho(t *testing.T) {
	h := startServer(t, withTimestamps(), Admission{}, "S 0:0(0) win 1000 <mss 1460,TS val 4242 ecr 0>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 4242>")
}

// TS.Recent follows segments that begin at or before what was last acknowledged:
// an ACK after a gap echoes the value before it. RFC 7323, Section 4.3 (C-31).
func TestTimestampRecent(t *testing.T) {
	h := tsConnection(t)
	h.in("P. 6:11(5) ack 1 <nop,nop,TS val 20 ecr 100>", "world")
	h.want(". 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7>")
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 10 ecr 100>", "hello")
	h.want(". 1:1(0) ack 11 <nop,nop,TS val 100 ecr 10>")
}

// PAWS: an older value marks an old segment; it is acknowledged and not taken.
// RFC 7323, Section 5.3 (C-32).
func TestPAWS(t *testing.T) {
	h := tsConnection(t)
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 6 ecr 100>", "older")
	h.want(". 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7>")
	h.wantDropped(DropTimestamp)
	h.wantRead("")
	h.in("R 1:1(0) <nop,nop,TS val 6 ecr 100>", "")
	h.wantEnd(ErrReset)
}

// An old SYN, or bare old ACKs, are answered seldom.
func TestPAWSThrottle(t *testing.T) {
	for _, text := range []string{
		"S 50:50(0) <mss 1460,TS val 6 ecr 0>", ". 1:1(0) ack 1 <nop,nop,TS val 6 ecr 100>",
	} {
		h := tsConnection(t)
		for range 10 {
			h.in(text, "")
		}
		if got := len(h.sent); got != 1 {
			t.Errorf("%s: got %d answers, want 1", text, got)
		}
		h.wantState(Established)
	}
}

// After 24 days TS.Recent says nothing any more, and is set anew. RFC 7323,
// Section 5.5 (C-32).
func TestPAWSExpires(t *testing.T) {
	h := tsConnection(t)
	h.wait(24*24*time.Hour - time.Second)
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 6 ecr 100>", "hello")
	h.wantDropped(DropTimestamp)
	h.wait(time.Second)
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 6 ecr 100>", "hello")
	h.wantRead("hello")
	h.in("P. 6:11(5) ack 1 <nop,nop,TS val 5 ecr 100>", "world")
	h.wantDropped(DropTimestamp)
}

// A segment with a bad ACK does not move TS.Recent, or anybody could shut out
// the peer's.
func TestTimestampOfBadAck(t *testing.T) {
	h := tsConnection(t)
	h.in("P. 1:6(5) ack 9999 <nop,nop,TS val 1000000 ecr 100>", "forge")
	h.wantDropped(DropAck)
	h.in("P. 1:6(5) ack 1 <nop,nop,TS val 8 ecr 100>", "hello")
	h.wantRead("hello")
}

// A SYN-ACK that echoes what no SYN has said is not for us (C-33); zero passes.
func TestSynAckBadEcho(t *testing.T) {
	for _, ecr := range []string{"99", "101", "9999"} {
		h := startClient(t, withTimestamps(), "")
		h.want("S 0:0(0) <...>")
		h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr "+ecr+">", "")
		h.want("R 1:1(0) win 0")
		h.wantState(SynSent)
		h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>", "")
		h.wantState(Established)
	}
	h := startClient(t, withTimestamps(), "")
	h.in("S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 0>", "")
	h.wantState(Established)
}

// An echo of now is one also on a connection that is older than half of what the
// values go round in; one of later is none, nor is one of before the first (C-34).
func TestEchoOfOldConnection(t *testing.T) {
	const day = 24 * time.Hour
	for _, age := range []time.Duration{0, day, 25 * day, 49 * day, 60 * day} {
		var ts timestamps
		ts.start(firstInstant, epoch, 0)
		now := firstInstant.Add(age)
		for _, ago := range []time.Duration{0, time.Second, time.Hour, 2 * day, -time.Second, -time.Hour} {
			ecr := ts.value(now) - uint32(ago.Milliseconds())
			if got, want := ts.echoes(now, ecr), 0 <= ago && ago <= age; got != want {
				t.Errorf("after %v, an echo of %v ago: got %v, want %v", age, ago, got, want)
			}
		}
	}
}
