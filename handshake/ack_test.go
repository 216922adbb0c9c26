package handshake

import (
	"fmt"
	"testing"
	"time"

	"tfocraft/wire"
)

// What lies outside the window is acknowledged and not taken; a reset there is
// ignored. RFC 9293, Section 3.10.7.4 (C-11).
func TestUnacceptableSegments(t *testing.T) {
	for _, test := range []struct {
		name, text, data string
		answered         bool
		why              DropReason
	}{
		{"old data", "P. 1:6(5) ack 1", "hello", true, DropSequence},
		{"beyond the window", "P. 80000:80005(5) ack 1", "hello", true, DropSequence},
		{"keepalive without data", ". 10:10(0) ack 1", "", true, DropSequence},
		{"keepalive with a byte", ". 10:11(1) ack 1", "x", true, DropSequence},
		{"old FIN", "F. 5:5(0) ack 1", "", true, DropSequence},
		{"old reset", "R 5:5(0)", "", false, DropSequence},
		{"reset beyond the window", "R 80000:80000(0)", "", false, DropSequence},
		{"no flags", "- 11:11(0)", "", false, DropNoFlags},
		{"data without ACK", "P 11:16(5)", "hello", false, DropNoFlags},
		{"FIN without ACK", "F 11:11(0)", "", false, DropNoFlags},
		{"SYN and FIN", "SF 11:11(0)", "", false, DropBadFlags},
		{"SYN and RST", "SR 11:11(0)", "", false, DropBadFlags},
		{"all flags", "FSRP.UEWA 11:11(0) ack 1", "", false, DropBadFlags},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := connect(t, plainConfig(), "")
			h.in("P. 1:11(10) ack 1", bytesOf(10))
			h.wait(time.Second)
			h.want(". 1:1(0) ack 11")
			h.wantRead(bytesOf(10))
			h.in(test.text, test.data)
			if test.answered {
				h.want(". 1:1(0) ack 11")
			}
			h.wantIdle()
			h.wantDropped(test.why)
			h.wantState(Established)
			h.wantRead("")
			h.wantEOF(false)
		})
	}
}

// What overlaps is cut to what is new and in the window (C-12).
func TestTrim(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 100
	h := connect(t, c, "")
	h.in("P. 1:11(10) ack 1", "abcdefghij")
	h.in("P. 6:16(10) ack 1", "fghijklmno")
	h.wait(time.Second)
	h.want(". 1:1(0) ack 16")
	if got := string(h.read); got != "abcdefghijklmno" {
		t.Errorf("got %q", got)
	}
	h.in("P. 16:216(200) ack 1", bytesOf(200))
	h.want(". 1:1(0) ack 101 win 0")
	if got := len(h.read); got != 100 {
		t.Errorf("read %d bytes, want 100", got)
	}
}

// A gap and its end are told at once. RFC 5681, Section 4.2 (C-21).
func TestAckOfGap(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P. 1461:2921(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 1")
	h.in("P. 2921:4381(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 1")
	h.in("P. 1:1461(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 4381")
	h.wantIdle()
}

// One segment is acknowledged after a while, two at once, and the application's
// answer takes the acknowledgement along. RFC 9293, Section 3.8.6.3 (C-22).
func TestDelayedAck(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P. 1:1461(1460) ack 1", bytesOf(1460))
	h.wait(40*time.Millisecond - 1)
	h.wantIdle()
	h.wait(1)
	h.want(". 1:1(0) ack 1461")
	h.in(". 1461:2921(1460) ack 1", bytesOf(1460))
	h.wantIdle()
	h.in(". 2921:4381(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 4381")
	h.in("P. 4381:4386(5) ack 1", "hello")
	h.write("world")
	h.want("P. 1:6(5) ack 4386")
	h.in(". 4386:4386(0) ack 6", "")
	h.wait(time.Second)
	h.wantIdle()
}

// A frame that a network card has put together counts as the segments that it
// was.
func TestDelayedAckOfLargeSegments(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in(". 1:2921(2920) ack 1", bytesOf(2920))
	h.want(". 1:1(0) ack 2921")
	h.in(". 2921:32121(29200) ack 1", bytesOf(29200))
	h.want(". 1:1(0) ack 32121")
}

// Without the delay every segment is acknowledged at once.
func TestNoDelayedAck(t *testing.T) {
	c := plainConfig()
	c.DelayedAck = -1
	h := connect(t, c, "")
	h.in("P. 1:2(1) ack 1", "x")
	h.want(". 1:1(0) ack 2")
}

// The acceptable range of ACK: not more than was sent, not much older than what
// is acknowledged, and not older than all. RFC 5961, Section 5 (C-102, L-24).
func TestAckRange(t *testing.T) {
	for _, test := range []struct {
		name   string
		before int // thousands of bytes that were acknowledged before
		ack    wire.Seq
		ok     bool
	}{
		{"latest", 0, 101, true},
		{"a duplicate", 0, 1, true},
		{"never sent", 0, 601, false},
		{"one too far", 0, 102, false},
		{"before the ISS", 0, 1<<32 - 1, false},
		{"within a window, before the ISS", 0, 1<<32 - 60_000, false},
		{"as old as a window", 80, 1<<32 + 101 - 65_535, true},
		{"older", 80, 1<<32 + 100 - 65_535, false},
		{"far too old", 80, 1<<32 + 101 - 200_000, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := connect(t, plainConfig(), "")
			una := 1
			ack := func(n int) {
				una += n
				h.write(bytesOf(n))
				h.in(fmt.Sprintf(". 1:1(0) ack %d", una), "")
			}
			for range test.before {
				ack(1000)
			}
			ack(100)
			h.sent = nil
			h.in(fmt.Sprintf("P. 1:6(5) ack %d", test.ack.Add(1000*test.before)), "hello")
			if test.ok {
				h.wantRead("hello")
				h.wantIdle()
				return
			}
			h.want(fmt.Sprintf(". %d:%[1]d(0) ack 1", una))
			h.wantDropped(DropAck)
			h.wantRead("")
		})
	}
}

// Bare ACKs that are out of place are answered seldom, so that two ends which
// disagree do not answer each other for ever.
func TestNoAckStorm(t *testing.T) {
	h := connect(t, plainConfig(), "")
	for range 100 {
		h.in(". 70000:70000(0) ack 1", "")
	}
	if got := len(h.sent); got != 1 {
		t.Errorf("got %d answers to 100 segments, want 1", got)
	}
}

// Urgent data is data: it is delivered in line (C-116).
func TestUrgent(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P.U 1:6(5) ack 1 win 65535 urg 65535", "hello")
	h.wantRead("hello")
}

// The server's ACK of the SYN was lost to it; a repeated SYN-ACK is answered
// (C-101).
func TestRepeatedSynAck(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.wait(time.Second)
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
	h.wantState(Established)
}

// While older data waits to be sent again, a bare ACK still stands at the end
// of what was sent, where the peer takes it.
func TestAckDuringRetransmission(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write(bytesOf(4380))
	h.sent = nil
	h.wait(300 * time.Millisecond)
	h.want(". 1:1461(1460) ack 1")
	h.in("P. 1:3(2) ack 1", "hi")
	h.wait(40 * time.Millisecond)
	h.want(". 4381:4381(0) ack 3")
}
