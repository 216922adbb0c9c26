package handshake

import (
	"fmt"
	"testing"
	"time"
)

// quickly is plainConfig with Linux's quick acknowledgements.
func quickly() Config {
	c := plainConfig()
	c.QuickAcks = 16
	return c
}

// data injects n bytes at a sequence number.
func (h *harness) data(seq, n, ack int) {
	h.t.Helper()
	h.in(fmt.Sprintf("P. %d:%d(%d) ack %d", seq, seq+n, n, ack), bytesOf(n))
}

// The first 16 segments are acknowledged at once, whatever their size; after that
// short ones wait, until there is more than the peer's usual segment.
func TestQuickAcks(t *testing.T) {
	h := connect(t, quickly(), "")
	for i := range 16 {
		h.data(1+100*i, 100, 1)
		h.want(fmt.Sprintf(". 1:1(0) ack %d", 101+100*i))
	}
	h.data(1601, 500, 1)
	h.wantIdle()
	h.data(2101, 36, 1)
	h.wantIdle()
	h.data(2137, 1, 1)
	h.want(". 1:1(0) ack 2138")
	h.data(2138, 1460, 1)
	h.wantIdle()
	h.data(3598, 1, 1)
	h.want(". 1:1(0) ack 3599")
}

// There are as many as the window has pairs of segments, and two at least.
func TestQuickAcksOfSmallWindow(t *testing.T) {
	for _, test := range []struct{ window, want int }{{1000, 2}, {9 * 536, 4}, {65535, 16}} {
		c := quickly()
		c.RecvBuffer = test.window
		h := connect(t, c, "")
		quick := 0
		for i := range 20 {
			h.data(1+i, 1, 1)
			h.consume(1)
			if len(h.sent) > 0 {
				quick++
			}
			h.sent = nil
		}
		if quick != test.want {
			t.Errorf("window %d: %d segments were acknowledged at once, want %d", test.window, quick, test.want)
		}
	}
}

// Data that is sent soon after the peer's makes a connection interactive: there
// acknowledgements wait. A delay for nothing ends that.
func TestQuickAcksInteractive(t *testing.T) {
	h := connect(t, quickly(), "")
	h.data(1, 5, 1)
	h.want(". 1:1(0) ack 6")
	h.wait(39 * time.Millisecond)
	h.write("hello")
	h.want("P. 1:6(5) ack 6")
	h.in(". 6:6(0) ack 6", "")
	h.data(6, 5, 6)
	h.wantIdle()
	h.wait(40 * time.Millisecond)
	h.want(". 6:6(0) ack 11")
	h.data(11, 5, 6)
	h.want(". 6:6(0) ack 16")
	h.wait(40 * time.Millisecond) // too late for an answer
	h.write("hello")
	h.want("P. 6:11(5) ack 16")
	h.in(". 16:16(0) ack 11", "")
	h.data(16, 5, 11)
	h.want(". 11:11(0) ack 21")
}

// A client that writes right after the handshake is not interactive for that.
func TestQuickAcksAfterHandshake(t *testing.T) {
	for _, synAck := range []string{"S. 0:0(0) ack 1 <mss 1460>", "S. 0:0(0) ack 6 <mss 1460>"} {
		c := withCookie(aCookie)
		c.QuickAcks = 16
		h := startClient(t, c, "hello")
		h.in(synAck, "")
		h.write("world")
		h.sent = nil
		h.data(1, 5, 11)
		h.want(". 11:11(0) ack 6")
	}
}

// One that has waited with its data for the handshake to end is: the peer will
// answer that data, and so will it.
func TestQuickAcksOfWaitingWriter(t *testing.T) {
	c := withCookie(aCookie)
	c.QuickAcks = 16
	c.FastOpen.MSS = 940
	h := startClient(t, c, bytesOf(1900))
	h.want("S 0:900(900) <...>")
	h.wait(20 * time.Millisecond)
	h.in("S. 0:0(0) ack 901 <mss 1460>", "")
	h.want("P. 901:1901(1000) ack 1")
	h.wait(20 * time.Millisecond)
	h.data(1, 500, 1901)
	h.wantIdle()
	h.close() // nobody has read it
	h.want("R. 1901:1901(0) ack 501")

	h = startClient(t, c, bytesOf(1900))
	h.want("S 0:900(900) <...>")
	h.in("S. 0:0(0) ack 901 <mss 1460>", "")
	h.want("P. 901:1901(1000) ack 1")
	h.data(1, 500, 1901)
	h.wantRead(bytesOf(500))
	h.wait(39 * time.Millisecond)
	h.wantIdle()
	h.close()
	h.want("F. 1901:1901(0) ack 501")
}

// A pause of more than the retransmission timeout brings them back, and so does
// data that is known: the peer may not have had our acknowledgement.
func TestQuickAcksAgain(t *testing.T) {
	used := func() *harness {
		h := connect(t, quickly(), "")
		for i := range 16 {
			h.data(1+i, 1, 1)
		}
		h.sent = nil
		h.data(17, 1, 1)
		h.wantIdle()
		h.wait(40 * time.Millisecond)
		h.want(". 1:1(0) ack 18")
		return h
	}
	h := used()
	h.wait(h.m.Info().RTO + 1)
	h.data(18, 1, 1)
	h.want(". 1:1(0) ack 19")
	h = used()
	h.data(1, 1, 1)
	h.want(". 1:1(0) ack 18")
	h.data(18, 1, 1)
	h.want(". 1:1(0) ack 19")
}

// The delay follows the time between segments: 40 ms where they come fast, longer
// where they are slow, and as long as a round trip or 200 ms at the most.
func TestAckDelayAdapts(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		rtt                 time.Duration
		first, second, last time.Duration
	}{
		{300 * ms, 40 * ms, 110 * ms, 200 * ms},
		{60 * ms, 40 * ms, 60 * ms, 60 * ms},
		{10 * ms, 40 * ms, 40 * ms, 40 * ms},
	} {
		h := startClient(t, quickly(), "")
		h.wait(test.rtt)
		h.in("S. 0:0(0) ack 1 <mss 1460>", "")
		for i := range 16 {
			h.data(1+i, 1, 1)
		}
		for i, want := range []time.Duration{test.first, test.second, test.last} {
			h.sent = nil
			h.data(17+i, 1, 1)
			h.wantIdle()
			if got := h.m.Deadline().Sub(h.now); got != want {
				t.Errorf("RTT %v, segment %d: delayed by %v, want %v", test.rtt, i, got, want)
			}
			h.wait(max(70*ms, want))
			h.want(fmt.Sprintf(". 1:1(0) ack %d", 18+i))
		}
	}
}

// What comes when a delay is nearly over is acknowledged at once.
func TestAckDelayNearlyOver(t *testing.T) {
	h := connect(t, quickly(), "")
	for i := range 16 {
		h.data(1+i, 1, 1)
	}
	h.sent = nil
	h.data(17, 1, 1)
	h.wait(29 * time.Millisecond)
	h.data(18, 1, 1)
	h.wantIdle()
	h.wait(5 * time.Millisecond)
	h.data(19, 1, 1)
	h.want(". 1:1(0) ack 20")
	h.wait(time.Second)
	h.wantIdle()
}

// TCP_QUICKACK: on, what waits is acknowledged now and the next data at once; off,
// the connection counts as interactive.
func TestSetQuickAck(t *testing.T) {
	for _, c := range []Config{plainConfig(), quickly()} {
		h := connect(t, c, "")
		h.take(h.m.SetQuickAck(h.now, false, h.out[:0]))
		h.data(1, 5, 1)
		h.wantIdle()
		h.take(h.m.SetQuickAck(h.now, true, h.out[:0]))
		h.want(". 1:1(0) ack 6")
		h.data(6, 5, 1)
		h.want(". 1:1(0) ack 11")
	}
}
