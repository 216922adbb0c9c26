package handshake

import "testing"

// A burst is cut by the size that its own options leave, also when they hold a
// report that the next segment will not have (C-110).
func TestBurstLeavesRoomForOptions(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	c.Burst = 65000
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 7 ecr 100>")
	h.in("P. 1:11(10) ack 1 <nop,nop,TS val 8 ecr 100>", bytesOf(10))
	h.write(bytesOf(60_000))
	// Partly old data, which is reported, and an ACK that makes room.
	h.in("P. 6:16(10) ack 14481 <nop,nop,TS val 8 ecr 100>", bytesOf(10))
	bursts := 0
	for _, o := range h.out {
		if o.Kind != Transmit || len(o.Segment.Payload) == 0 {
			continue
		}
		size := len(o.Segment.Payload)
		if o.SegmentSize > 0 {
			size = o.SegmentSize
			bursts++
		}
		if got := len(o.Segment.Options) + size; got > 1460 {
			t.Errorf("%d bytes of options and %d of payload in a segment, more than 1460", len(o.Segment.Options), size)
		}
	}
	if bursts == 0 {
		t.Fatal("there was no burst")
	}
}
