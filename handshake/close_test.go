package handshake

import (
	"testing"
	"time"
)

// The FIN follows all data, and goes again if it is lost (C-90).
func TestActiveClose(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write("hello")
	h.close()
	h.want("P. 1:6(5) ack 1")
	h.want("F. 6:6(0) ack 1")
	h.wantState(FinWait1)
	h.in(". 1:1(0) ack 6", "")
	h.wait(h.m.Info().RTO)
	h.want("F. 6:6(0) ack 1")
	h.in(". 1:1(0) ack 7", "")
	h.wantState(FinWait2)
	h.in("F. 1:1(0) ack 7", "")
	h.want(". 7:7(0) ack 2")
	h.wantState(TimeWait)
	h.wait(60*time.Second - 1)
	h.wantState(TimeWait)
	h.wait(1)
	h.wantEnd(nil)
	h.wantIdle()
}

// Data and FIN that are lost together go again together (C-90).
func TestRetransmitWithFin(t *testing.T) {
	h := afterRTT(t, plainConfig())
	h.write("hello")
	h.closeWrite()
	h.sent = nil
	h.wait(300 * time.Millisecond)
	h.want("FP. 1:6(5) ack 1")
	h.in("F. 1:1(0) ack 7", "")
	h.want(". 7:7(0) ack 2")
	h.wantState(TimeWait)
}

// Passive close (C-90).
func TestPassiveClose(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("FP. 1:6(5) ack 1", "hello")
	h.want(". 1:1(0) ack 7")
	h.wantRead("hello")
	h.wantEOF(true)
	h.wantState(CloseWait)
	h.close()
	h.want("F. 1:1(0) ack 7")
	h.wantState(LastAck)
	h.in(". 7:7(0) ack 2", "")
	h.wantEnd(nil)
}

// After our FIN we still receive, far more than a window (C-91).
func TestReceiveAfterCloseWrite(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.closeWrite()
	h.want("F. 1:1(0) ack 1")
	h.in(". 1:1(0) ack 2", "")
	for i := range 100 {
		s := h.parse(". 1:1001(1000) ack 2", bytesOf(1000))
		s.Seq = s.Seq.Add(1000 * i)
		h.take(h.m.Input(h.now, s, h.out[:0]))
		h.wantRead(bytesOf(1000))
	}
	if got := h.m.Info().Received; got != 100_000 {
		t.Errorf("received: got %d, want 100000", got)
	}
	h.wait(time.Hour) // nobody has closed the reading side
	h.wantState(FinWait2)
}

// After the peer's FIN we still send (C-91).
func TestSendAfterPeerClosed(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("F. 1:1(0) ack 1", "")
	h.want(". 1:1(0) ack 2")
	for range 10 {
		h.write(bytesOf(10_000))
		h.ackAll(65535)
	}
	if got := h.m.Info().Sent; got != 100_000 {
		t.Errorf("sent: got %d, want 100000", got)
	}
	h.wantState(CloseWait)
}

// Both close at once (C-92).
func TestSimultaneousClose(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.close()
	h.want("F. 1:1(0) ack 1")
	h.in("F. 1:1(0) ack 1", "")
	h.want(". 2:2(0) ack 2")
	h.wantState(Closing)
	h.wantEOF(true)
	h.in(". 2:2(0) ack 2", "")
	h.wantState(TimeWait)
	h.wantIdle()
	h.wait(60 * time.Second)
	h.wantEnd(nil)
}

// The peer's FIN acknowledges ours: straight to TIME-WAIT (C-92).
func TestFinAcksFin(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.close()
	h.want("F. 1:1(0) ack 1")
	h.in("F. 1:1(0) ack 2", "")
	h.want(". 2:2(0) ack 2")
	h.wantState(TimeWait)
}

// Closing with bytes unread resets: the peer should know that they are lost.
// RFC 9293, Section 3.6.1 (C-94).
func TestCloseUnread(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P. 1:6(5) ack 1", "hello")
	h.close()
	h.want("R. 1:1(0) ack 6 win 65530")
	h.wantEnd(ErrAborted)
}

// Bytes that come when nobody reads any more reset as well; what is only out of
// place does not (C-94).
func TestDataAfterClose(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.close()
	h.want("F. 1:1(0) ack 1")
	h.in(". 100:100(0) ack 2", "")
	h.wantState(FinWait2)
	h.in("P. 1:6(5) ack 2", "hello")
	h.want("R 2:2(0) win 0")
	h.wantEnd(ErrAborted)

	// A peer that has not seen our FIN would challenge a reset behind that.
	h = connect(t, plainConfig(), "")
	h.close()
	h.want("F. 1:1(0) ack 1")
	h.in("P. 1:6(5) ack 1", "hello")
	h.want("R 1:1(0) win 0")
	h.want("R 2:2(0) win 0") // if the FIN gets there first
	h.wantEnd(ErrAborted)
}

// A connection that is closed on our side does not wait for the peer for ever
// (C-95).
func TestFinWait2Limit(t *testing.T) {
	for _, acked := range []bool{true, false} { // before Close, or after it
		h := connect(t, plainConfig(), "")
		h.closeWrite()
		if acked {
			h.in(". 1:1(0) ack 2", "")
			h.close()
		} else {
			h.close()
			h.in(". 1:1(0) ack 2", "")
		}
		h.wait(60*time.Second - 1)
		h.wantState(FinWait2)
		h.wait(1)
		h.wantEnd(nil)
	}
}

// The limit also holds where the application has said before that it reads no more
// (C-95).
func TestFinWait2LimitOfOrphan(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.closeWrite()
	h.in(". 1:1(0) ack 2", "")
	h.m.Orphan()
	h.close()
	h.wait(30 * time.Second)
	h.close() // for the second time: the limit stays
	h.wait(30*time.Second - 1)
	h.wantState(FinWait2)
	h.wait(1)
	h.wantEnd(nil)
}

// A segment from behind the peer's FIN is not the peer's, and what it says of the
// window does not count: it would be newer than all that the peer can say (C-11).
func TestBehindFin(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("F. 1:1(0) ack 1", "")
	h.want(". 1:1(0) ack 2")
	h.in(". 500:500(0) ack 1 win 0", "")
	h.wantDropped(DropSequence)
	h.in(". 2:2(0) ack 1 win 1000", "")
	h.sent = nil
	h.write("hello")
	h.want("P. 1:6(5) ack 2")
	h.in(". 500:600(100) ack 6", "")
	h.wantDropped(DropSequence)
	h.in(". 2:2(0) ack 6", "")
	if got := h.m.Unsent(); got != 0 {
		t.Errorf("%d bytes are not acknowledged", got)
	}
}

// everyState brings a machine to each state. The names are those of the states.
func everyState(t *testing.T) map[State]func() *harness {
	established := func() *harness { return connect(t, plainConfig(), "") }
	step := func(before func() *harness, text string) func() *harness {
		return func() *harness {
			h := before()
			h.sent = nil
			if text == "" {
				h.closeWrite()
			} else {
				h.in(text, "")
			}
			h.sent, h.drops = nil, nil
			return h
		}
	}
	finWait1 := step(established, "")
	return map[State]func() *harness{
		SynSent: func() *harness {
			h := startClient(t, withCookie(aCookie), "hello")
			h.sent = nil
			return h
		},
		SynReceived: func() *harness {
			h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
			h.m.Accepted()
			h.sent = nil
			return h
		},
		Established: established,
		FinWait1:    finWait1,
		FinWait2:    step(finWait1, ". 1:1(0) ack 2"),
		CloseWait:   step(established, "F. 1:1(0) ack 1"),
		Closing:     step(finWait1, "F. 1:1(0) ack 1"),
		LastAck:     step(step(established, "F. 1:1(0) ack 1"), ""),
		TimeWait:    step(finWait1, "F. 1:1(0) ack 2"),
	}
}

// Abort ends the connection in every state; the peer hears of it where there is
// one that knows of us. RFC 9293, Section 3.10.5.
func TestAbort(t *testing.T) {
	want := map[State]string{
		SynReceived: "R. 1:1(0) ack 6 win 65535",
		Established: "R. 1:1(0) ack 1 win 65535",
		FinWait1:    "R. 2:2(0) ack 1 win 65535",
		FinWait2:    "R. 2:2(0) ack 1 win 65535",
		CloseWait:   "R. 1:1(0) ack 2 win 65534",
		Closing:     "R. 2:2(0) ack 2 win 65534",
		LastAck:     "R. 2:2(0) ack 2 win 65534",
	}
	for state, reach := range everyState(t) {
		t.Run(state.String(), func(t *testing.T) {
			h := reach()
			h.t = t
			h.wantState(state)
			h.abort()
			if text := want[state]; text != "" {
				h.want(text)
			}
			h.wantIdle()
			h.wantEnd(ErrAborted)
			h.abort()
			h.close()
			h.closeWrite()
			if n, _ := h.m.Write(h.now, []byte("x"), nil); n != 0 {
				t.Errorf("Write after the end took %d bytes", n)
			}
			h.in("P. 1:6(5) ack 1", "hello")
			h.wantDropped(DropClosed)
			h.wantIdle()
		})
	}
}

// The reset has the window of the moment, scaled as agreed, like Linux's.
func TestAbortWindow(t *testing.T) {
	c := plainConfig()
	c.NoWindowScale = false
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>")
	h.in("P. 1:1461(1460) ack 1", bytesOf(1460))
	h.abort()
	h.want("R. 1:1(0) ack 1461 win 2036")
}

// Close before the handshake is done gives up (SYN-SENT), or waits for it.
func TestCloseInSynSent(t *testing.T) {
	h := startClient(t, plainConfig(), "hello")
	h.want("S 0:0(0) <...>")
	h.close()
	h.wantIdle()
	h.wantEnd(ErrAborted)
}

// A second close changes nothing, and nothing can be written after the first.
func TestCloseTwice(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.close()
	h.want("F. 1:1(0) ack 1")
	h.close()
	h.closeWrite()
	h.wantIdle()
	if n, _ := h.m.Write(h.now, []byte("x"), nil); n != 0 {
		t.Errorf("Write took %d bytes", n)
	}
}
