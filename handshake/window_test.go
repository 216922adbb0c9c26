package handshake

import (
	"strings"
	"testing"
	"time"
)

// The peer takes its window back: nothing new goes out, what is outstanding is
// still sent again, and the connection lives as long as the peer answers (C-13).
func TestShrunkenWindow(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write(bytesOf(20_000))
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("more")
	h.wantIdle()
	for range 50 {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
		h.want(". 1:1461(1460) ack 1")
		h.wantIdle()
		h.in(". 1:1(0) ack 1 win 0", "")
	}
	h.wantState(Established)
	h.in(". 1:1(0) ack 1461 win 65535", "")
	if len(h.sent) == 0 {
		t.Error("the window is open, and nothing is sent")
	}
}

// A window that only rounding has moved back does not move the sequence number
// of bare acknowledgements back: the peer would drop them as old, and two such
// peers would resend for ever.
func TestRoundedWindow(t *testing.T) {
	c := plainConfig()
	c.NoWindowScale = false
	h := startClient(t, c, "")
	h.want("S 0:0(0) <...>")
	h.in("S. 0:0(0) ack 1 win 1000 <mss 1460,wscale 3>", "")
	h.want(". 1:1(0) ack 1")
	h.write(strings.Repeat("x", 800))
	h.want("P. 1:801(800) ack 1")
	// The edge is at 794 now, and 801 what the peer really takes up to.
	h.in("P. 1:4(3) ack 2 win 99", "abc")
	h.wait(40 * time.Millisecond)
	h.want(". 801:801(0) ack 4")
	// Eight bytes or more are no rounding.
	h.in("P. 4:7(3) ack 2 win 98", "def")
	h.wait(40 * time.Millisecond)
	h.want(". 786:786(0) ack 7")
}

// Room for a few bytes keeps the announced edge from moving back by what
// scaling rounds off.
func TestEdgeNotRoundedBack(t *testing.T) {
	c := plainConfig()
	c.NoWindowScale, c.RecvBuffer = false, 65535<<3
	h := startClient(t, c, "")
	h.want("S 0:0(0) <...>")
	h.in("S. 0:0(0) ack 1 win 1000 <mss 1460,wscale 3>", "")
	h.want(". 1:1(0) ack 1 win 65535")
	h.in("P. 1:4(3) ack 1", "abc")
	h.wantRead("abc")
	h.wait(40 * time.Millisecond)
	h.want(". 1:1(0) ack 4 win 65535")
}

// A window from a segment older than the one that the current window came from
// is not taken. RFC 9293, Section 3.10.7.4 (C-14).
func TestOldWindow(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P. 1:6(5) ack 1 win 5000", "hello")
	h.in(". 1:1(0) ack 1 win 9000", "") // older, and out of window
	h.write(bytesOf(100))
	h.in("P. 11:16(5) ack 101 win 4000", "later")
	h.in("P. 6:11(5) ack 101 win 9000", "world") // older, fills the hole
	if got := h.m.Info().SendWindow; got != 4000 {
		t.Errorf("window: got %d, want 4000", got)
	}
	h.in("P. 16:17(1) ack 1 win 7000", "x") // newer in the stream, older ACK
	if got := h.m.Info().SendWindow; got != 4000 {
		t.Errorf("window: got %d, want 4000", got)
	}
}

// Scaling: not in SYN segments, only if both have offered it, and by 14 at the
// most. RFC 7323, Section 2 (C-15).
func TestWindowScale(t *testing.T) {
	for _, test := range []struct {
		name    string
		off     bool
		synAck  string
		want    int // of SND.WND after an ACK with window 2
		inSyn   int
		ourACK  string // the window of 256 KiB that we announce
		ourSeen int
	}{
		{"7", false, "S. 0:0(0) ack 1 win 1000 <mss 1460,wscale 7>", 2 << 7, 1000, ". 1:1(0) ack 1 win 2048", 2048 << 7},
		{"15 is 14", false, "S. 0:0(0) ack 1 win 1000 <mss 1460,wscale 15>", 2 << 14, 1000, ". 1:1(0) ack 1 win 2048", 2048 << 7},
		{"not in the SYN-ACK", false, "S. 0:0(0) ack 1 win 1000 <mss 1460>", 2, 1000, ". 1:1(0) ack 1 win 65535", 65535},
		{"not in the SYN", true, "S. 0:0(0) ack 1 win 1000 <mss 1460,wscale 7>", 2, 1000, ". 1:1(0) ack 1 win 65535", 65535},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := plainConfig()
			c.NoWindowScale = test.off
			h := startClient(t, c, "")
			h.sent = nil
			h.in(test.synAck, "")
			h.want(test.ourACK)
			if got := h.m.Info(); got.SendWindow != test.inSyn || got.RecvWindow != test.ourSeen {
				t.Errorf("after the SYN-ACK: got %d, ours %d; want %d, %d", got.SendWindow, got.RecvWindow, test.inSyn, test.ourSeen)
			}
			h.in(". 1:1(0) ack 1 win 2", "")
			if got := h.m.Info().SendWindow; got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// A slow reader opens the window in steps worth having. RFC 9293,
// Section 3.8.6.2.2 (C-25).
func TestReceiverSillyWindow(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 4000
	h := connect(t, c, "")
	for _, at := range []string{"1:1461(1460)", "1461:2921(1460)", "2921:4001(1080)"} {
		h.in(". "+at+" ack 1", "")
	}
	h.sent = nil
	h.wait(time.Second)
	h.sent = nil
	for range 1459 {
		h.consume(1)
	}
	h.wantIdle()
	h.consume(1)
	h.want(". 1:1(0) ack 4001 win 1460")
}

// A closed window that reading opens is told unasked, also where it is of one
// byte (C-26).
func TestWindowUpdate(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 2920
	h := connect(t, c, "")
	h.in(". 1:2921(2920) ack 1", bytesOf(2920))
	h.want(". 1:1(0) ack 2921 win 0")
	h.wantRead(bytesOf(2920))
	h.want(". 1:1(0) ack 2921 win 2920")

	c.RecvBuffer, c.DelayedAck = 1, -1
	h = connect(t, c, "")
	h.in("P. 1:2(1) ack 1", "x")
	h.want(". 1:1(0) ack 2 win 0")
	h.wantRead("x")
	h.want(". 1:1(0) ack 2 win 1")
}

// While there is room, reading alone sends nothing; nor after the peer's end.
func TestNoNeedlessWindowUpdate(t *testing.T) {
	h := startServer(t, plainConfig(), Admission{}, "S 0:0(0) <mss 1460,wscale 7>", "")
	h.sent = nil
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantRead("hello")
	h.wantIdle()
	c := plainConfig()
	c.RecvBuffer = 1000
	h = connect(t, c, "")
	h.in("FP. 1:1001(1000) ack 1", bytesOf(1000))
	h.want(". 1:1(0) ack 1002 win 0")
	h.wantRead(bytesOf(1000))
	h.wantIdle()
}

// With a closed window: probes after the RTO, then at doubled distance, for as
// long as they are answered (C-80). The timeout of the data does not suffer.
func TestPersist(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.wantIdle()
	distance := 300 * time.Millisecond
	for range 40 {
		h.wait(distance - 1)
		h.wantIdle()
		h.wait(1)
		h.want(". 0:0(0) ack 1")
		h.in(". 1:1(0) ack 1 win 0", "")
		distance = min(2*distance, 60*time.Second)
	}
	h.in(". 1:1(0) ack 1 win 100", "")
	h.want("P. 1:6(5) ack 1")
	h.wait(300 * time.Millisecond)
	h.want("P. 1:6(5) ack 1")
}

// A peer that does not answer probes is gone (C-80, C-77).
func TestPersistUnanswered(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.wait(10 * time.Minute)
	h.wantEnd(ErrTimeout)
	if got := len(h.sent); got != 8 {
		t.Errorf("got %d probes, want 8", got)
	}
}

// A connection that the application has given up is not kept open by a peer
// that answers probes and takes nothing (RFC 6429), neither with data that
// waits nor with a FIN.
func TestClosedWindowOfOrphan(t *testing.T) {
	for _, data := range []string{"", "hello"} {
		h := connect(t, plainConfig(), "")
		h.in(". 1:1(0) ack 1 win 0", "")
		h.write(data)
		h.close()
		for range 20 {
			h.in(". 1:1(0) ack 1 win 0", "")
			h.wait(time.Minute)
		}
		h.wantEnd(ErrTimeout)
	}
}

// If the window opens at last, what then goes out is not given up at the first
// timeout: the probes before do not count for it (C-80).
func TestOpenedWindowOfOrphan(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.close()
	for h.m.send.timeouts < h.m.config.Retries {
		h.in(". 1:1(0) ack 1 win 0", "")
		h.wait(h.m.Deadline().Sub(h.now))
	}
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 1000", "")
	h.want("FP. 1:6(5) ack 1")
	h.wait(h.m.Info().RTO)
	h.want("FP. 1:6(5) ack 1")
	h.in(". 1:1(0) ack 7", "")
	h.wantState(FinWait2)
}

// Probes of our closed window are answered, with a byte or without (C-80,
// C-115), and ACKs still count (C-81).
func TestProbesOfClosedWindow(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 100
	h := connect(t, c, "")
	h.in("P. 1:101(100) ack 1", bytesOf(100))
	h.wait(time.Second)
	h.want(". 1:1(0) ack 101 win 0")
	h.in(". 100:100(0) ack 1", "")
	h.want(". 1:1(0) ack 101 win 0")
	h.in(". 101:102(1) ack 1", "x")
	h.want(". 1:1(0) ack 101 win 0")
	h.in("P. 101:201(100) ack 1", bytesOf(100))
	h.want(". 1:1(0) ack 101 win 0")
	if got := len(h.read); got != 100 {
		t.Errorf("delivered: got %d, want 100", got)
	}
	h.write("hello")
	h.want("P. 1:6(5) ack 101 win 0")
	h.in(". 101:101(0) ack 6", "")
	if got := h.m.Unsent(); got != 0 {
		t.Errorf("Unsent: got %d, want 0", got)
	}
	h.in("R 101:101(0)", "")
	h.wantEnd(ErrReset)
}

// A peer that has filled the window, with a segment of it lost, acknowledges
// from the right edge.
func TestAckAtRightEdge(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 2920
	h := connect(t, c, "")
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
	h.in(". 2921:2921(0) ack 6", "")
	if got := h.m.Unsent(); got != 0 {
		t.Errorf("Unsent: got %d, want 0", got)
	}
}

// Small segments wait for a window worth filling, but not for ever. RFC 9293,
// Section 3.8.6.2.1 (C-25).
func TestSenderSillyWindow(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write(bytesOf(2000))
	h.in(". 1:1(0) ack 1 win 10", "")
	h.wantIdle()
	h.wait(300 * time.Millisecond)
	h.want("P. 1:11(10) ack 1")
}

// Nagle's algorithm is off unless asked for. RFC 9293, Section 3.7.4 (C-25).
func TestNagle(t *testing.T) {
	for _, on := range []bool{false, true} {
		c := plainConfig()
		c.Nagle = on
		h := connect(t, c, "")
		h.write("a")
		h.want("P. 1:2(1) ack 1")
		h.write("b")
		if !on {
			h.want("P. 2:3(1) ack 1")
			continue
		}
		h.wantIdle()
		h.write("c")
		h.wantIdle()
		h.in(". 1:1(0) ack 2", "")
		h.want("P. 2:4(2) ack 1")
		h.write(bytesOf(1461))
		h.want(". 4:1464(1460) ack 1")
		h.closeWrite()
		h.want("FP. 1464:1465(1) ack 1")
	}
}

// A cork holds back what does not fill a segment, whatever is in flight: until it
// is taken out, a FIN follows, or a timeout is over with nothing in flight (C-25).
func TestCork(t *testing.T) {
	h := connect(t, plainConfig(), "")
	cork := func(on bool) { h.take(h.m.SetCork(h.now, on, h.out[:0])) }
	cork(true)
	h.write("a")
	h.wantIdle()
	h.write(bytesOf(2920))
	h.want(". 1:1461(1460) ack 1")
	h.want(". 1461:2921(1460) ack 1")
	h.wantIdle()
	cork(false)
	h.want("P. 2921:2922(1) ack 1")
	h.in(". 1:1(0) ack 2922", "")
	h.wait(time.Second)
	h.wantIdle()

	cork(true)
	h.write("bc")
	h.wait(h.m.Info().RTO - 1)
	h.wantIdle()
	h.wait(1)
	h.want("P. 2922:2924(2) ack 1")
	h.write("d")
	h.wantIdle()
	h.in(". 1:1(0) ack 2924", "")
	h.wait(h.m.Info().RTO - 1)
	h.wantIdle()
	h.wait(1)
	h.want("P. 2924:2925(1) ack 1")
	h.in(". 1:1(0) ack 2925", "")
	h.write("e")
	h.wantIdle()
	h.closeWrite()
	h.want("FP. 2925:2926(1) ack 1")
}

// A cork from before the handshake holds back no SYN data.
func TestCorkBeforeOpen(t *testing.T) {
	h := &harness{t: t, now: epoch, m: NewClient(withCookie(aCookie))}
	h.take(h.m.SetCork(h.now, true, h.out[:0]))
	h.write("hello")
	h.take(h.m.SetCork(h.now, false, h.out[:0]))
	h.take(h.m.SetCork(h.now, true, h.out[:0]))
	h.take(h.m.Open(h.now, h.out[:0]))
	h.want("S 0:5(5) <...>")
	h.write("world")
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	h.want(". 6:6(0) ack 1")
	h.wantIdle()
}

// The FIN takes a place in the window, as in Linux: until there is one the window
// is probed (C-90).
func TestFinIntoClosedWindow(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.closeWrite()
	h.wantIdle()
	h.wait(time.Second)
	h.want(". 0:0(0) ack 1")
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 1", "")
	h.want("F. 1:1(0) ack 1")
	h.in(". 1:1(0) ack 2 win 0", "")
	h.wantState(FinWait2)
}

// It does not overtake data that has to wait for one.
func TestFinBehindClosedWindow(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.closeWrite()
	h.wantIdle()
	h.wantState(Established)
	h.in(". 1:1(0) ack 1 win 3", "")
	h.wait(300 * time.Millisecond)
	h.want("P. 1:4(3) ack 1")
	h.in(". 1:1(0) ack 4 win 3", "")
	h.want("FP. 4:6(2) ack 1")
	h.wantState(FinWait1)
}

// The send buffer is bounded, and room comes back with ACKs.
func TestSendSpace(t *testing.T) {
	c := plainConfig()
	c.SendBuffer = 1000
	h := connect(t, c, "")
	n, out := h.m.Write(h.now, make([]byte, 1500), nil)
	h.take(out)
	if n != 1000 || h.m.SendSpace() != 0 {
		t.Errorf("Write: got %d, space %d; want 1000, 0", n, h.m.SendSpace())
	}
	h.in(". 1:1(0) ack 401", "")
	if got := h.m.SendSpace(); got != 400 {
		t.Errorf("space: got %d, want 400", got)
	}
}
