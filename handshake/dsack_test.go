package handshake

import (
	"testing"
	"time"
)

// What has come before is reported in the first SACK block of the next
// acknowledgement, once: all of a segment or the part of it that was known, below
// RCV.NXT or out of order. RFC 2883, Section 4 (C-23).
func TestDuplicateSACK(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []string
		want string
	}{
		{"below RCV.NXT", []string{". 1:1001(1000) ack 1"}, ". 1:1(0) ack 2001 <nop,nop,sack 1:1001>"},
		{"all of it", []string{". 1:2001(2000) ack 1"}, ". 1:1(0) ack 2001 <nop,nop,sack 1:2001>"},
		{"in part", []string{". 1001:3001(2000) ack 1"}, ". 1:1(0) ack 3001 <nop,nop,sack 1001:2001>"},
		{"out of order", []string{". 3001:5001(2000) ack 1", ". 3501:4001(500) ack 1"},
			". 1:1(0) ack 2001 <nop,nop,sack 3501:4001 3001:5001>"},
		{"below it, with a hole", []string{". 3001:4001(1000) ack 1", ". 1001:2001(1000) ack 1"},
			". 1:1(0) ack 2001 <nop,nop,sack 1001:2001 3001:4001>"},
		{"a byte", []string{". 2000:2001(1) ack 1"}, ". 1:1(0) ack 2001 <nop,nop,sack 2000:2001>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := fullSegments(t, 0, withSACK())
			h.in(". 1:1001(1000) ack 1", "")
			h.in(". 1001:2001(1000) ack 1", "")
			h.wait(40 * time.Millisecond)
			h.sent = nil
			for _, text := range test.in {
				h.sent = nil
				h.in(text, "")
			}
			h.wait(40 * time.Millisecond)
			h.want(test.want)
			h.wantIdle()
			h.in("P. 9001:9002(1) ack 1", "")
			if s := h.sent[0]; s.Options == nil {
				t.Fatal("no SACK")
			}
			if set, _ := h.sent[0].Options.Decode(); isDuplicateSACK(h.sent[0].Ack, &set) {
				t.Error("reported twice")
			}
		})
	}
}

// A duplicate takes room from the segments of the way back only as long as it is
// reported.
func TestDuplicateSACKLeavesRoom(t *testing.T) {
	h := fullSegments(t, 0, withSACK())
	h.in("P. 1:1001(1000) ack 1", "")
	h.in("P. 1:1001(1000) ack 1", "")
	h.sent = nil
	h.write(bytesOf(1000))
	h.want("P. 1:1001(1000) ack 1001")
}

// Without SACK nothing is reported.
func TestNoDuplicateSACK(t *testing.T) {
	h := fullSegments(t, 0, withoutSACK())
	h.in("P. 1:1001(1000) ack 1", "")
	h.in("P. 1:1001(1000) ack 1", "")
	h.want(". 1:1(0) ack 1001")
	h.wantIdle()
}
