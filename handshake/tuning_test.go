package handshake

import (
	"math"
	"testing"
	"time"
)

// The receive buffer begins at 256 KiB and grows to twice what the application
// reads in a round trip, up to the maximum; the window scale is for that (RFC 7323,
// Section 2.3; C-15).
func TestReceiveTuning(t *testing.T) {
	c := plainConfig()
	c.NoWindowScale = false
	h := startClient(t, c, "")
	h.want("S 0:0(0) <mss 1460,nop,wscale 7>")
	h.wait(100 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460,wscale 7>", "")
	segment := string(make([]byte, 60_000))
	round := func(segments int) {
		for range segments {
			s := h.parse(". 0:60000(60000) ack 1", segment)
			s.Seq = h.m.recv.nxt
			h.take(h.m.Input(h.now, s, h.out[:0]))
			h.consume(h.m.Unread())
		}
		h.read, h.sent = nil, nil
		h.wait(100 * time.Millisecond)
	}
	round(1)
	round(2) // 120000 bytes in a round trip: 256 KiB are enough
	round(1)
	if got := h.m.recv.limit; got != 256<<10 {
		t.Errorf("a slow stream: got %d, want %d", got, 256<<10)
	}
	round(4)
	round(1)
	if got := h.m.recv.limit; got < 2*240_000 || got > 2*300_000 {
		t.Errorf("240000 bytes in a round trip: got %d, want twice as much", got)
	}
	for range 20 {
		round(40)
	}
	if got := h.m.recv.limit; got != 4<<20 {
		t.Errorf("a fast stream: got %d, want %d", got, 4<<20)
	}
	if got := h.m.Info().RecvWindow; got <= 2<<20 || got > 4<<20 {
		t.Errorf("window: got %d, want about 4 MiB", got)
	}
}

// The send buffer holds twice the congestion window, up to its maximum.
func TestSendTuning(t *testing.T) {
	c := plainConfig()
	c.NoWindowScale = false
	c.SendBuffer, c.MaxSendBuffer = 32_000, 200_000
	h := startClient(t, c, "")
	h.sent = nil
	h.in("S. 0:0(0) ack 1 win 65535 <mss 1460,wscale 7>", "")
	if got := h.m.SendSpace(); got != 32_000 {
		t.Errorf("at first: got %d, want 32000", got)
	}
	for range 8 {
		h.write(bytesOf(h.m.SendSpace()))
		h.wait(10 * time.Millisecond)
		h.sent = nil
		h.ackAll(65535)
		if got, want := h.m.send.limit, min(max(32_000, 2*h.m.Info().Cwnd), 200_000); got != want {
			t.Errorf("cwnd %d: got %d, want %d", h.m.Info().Cwnd, got, want)
		}
	}
	if got := h.m.send.limit; got != 200_000 {
		t.Errorf("at the end: got %d, want 200000", got)
	}
}

// A size that is set stays, if no maximum is; and the scale suits the maximum, by
// 14 at the most (C-15).
func TestBufferSizes(t *testing.T) {
	for _, test := range []struct {
		size, most         int
		wantSize, wantMost int
		shift              uint8
	}{
		{0, 0, 256 << 10, 4 << 20, 7},
		{1000, 0, 1000, 1000, 0},
		{0, 100_000, 100_000, 100_000, 1},
		{65_535, 65_535, 65_535, 65_535, 0},
		{65_536, 0, 65_536, 65_536, 1},
		{1000, math.MaxInt32, 1000, math.MaxInt32, 14},
	} {
		c := plainConfig()
		c.RecvBuffer, c.MaxRecvBuffer = test.size, test.most
		c.SendBuffer, c.MaxSendBuffer = test.size, test.most
		m := NewClient(c)
		if m.recv.limit != test.wantSize || m.recv.most != test.wantMost || m.recv.wantShift() != test.shift {
			t.Errorf("%d, %d: receive %d, %d, scale %d", test.size, test.most, m.recv.limit, m.recv.most, m.recv.wantShift())
		}
		if m.send.limit != test.wantSize || m.send.most != test.wantMost {
			t.Errorf("%d, %d: send %d, %d", test.size, test.most, m.send.limit, m.send.most)
		}
	}
}
