package handshake

import (
	"testing"
	"time"
)

func withKeepAlive() Config {
	c := plainConfig()
	c.KeepAlive = KeepAlive{Idle: time.Hour, Interval: time.Minute, Count: 3}
	return c
}

// Nothing is probed unless asked for, and then only after two hours, if the
// application says nothing else (RFC 9293, Section 3.8.4: MUST-25, MUST-28;
// C-114).
func TestKeepAliveOff(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.wait(100 * time.Hour)
	h.wantIdle()
	h.wantState(Established)
	if got := h.m.Deadline(); !got.IsZero() {
		t.Errorf("deadline: got %v, want none", got)
	}
}

// After a silence a probe goes out: SND.NXT-1, without data, which a peer must
// answer. Whoever answers lives. RFC 9293, Section 3.8.4 (C-114).
func TestKeepAlive(t *testing.T) {
	h := connect(t, withKeepAlive(), "")
	for range 5 {
		h.wait(time.Hour - 1)
		h.wantIdle()
		h.wait(1)
		h.want(". 0:0(0) ack 1")
		h.in(". 1:1(0) ack 1", "")
	}
	h.wantState(Established)
}

// A probe that is not answered means nothing, several do: MUST-26 (C-114).
func TestKeepAliveUnanswered(t *testing.T) {
	h := connect(t, withKeepAlive(), "")
	h.wait(time.Hour)
	h.want(". 0:0(0) ack 1")
	for range 2 {
		h.wait(time.Minute - 1)
		h.wantIdle()
		h.wait(1)
		h.want(". 0:0(0) ack 1")
	}
	h.wait(time.Minute - 1)
	h.wantState(Established)
	h.wait(1)
	h.wantEnd(ErrTimeout)
}

// An answer to the second probe starts over.
func TestKeepAliveLateAnswer(t *testing.T) {
	h := connect(t, withKeepAlive(), "")
	h.wait(time.Hour + 2*time.Minute)
	if got := len(h.sent); got != 3 {
		t.Fatalf("got %d probes, want 3", got)
	}
	h.sent = nil
	h.in(". 1:1(0) ack 1", "")
	h.wait(time.Hour - 1)
	h.wantIdle()
	h.wantState(Established)
}

// Whatever the peer sends counts as a sign of life, and what is not of this
// connection does not. While data is outstanding its own timers do: MUST-27
// (C-114).
func TestKeepAliveSilence(t *testing.T) {
	h := connect(t, withKeepAlive(), "")
	h.wait(50 * time.Minute)
	h.in("P. 1:6(5) ack 1", "hello")
	h.wait(time.Second)
	h.sent = nil
	h.in("P. 900001:900006(5) ack 1", "hello")
	h.sent = nil
	h.wait(59 * time.Minute)
	h.wantIdle()
	h.wait(time.Minute)
	h.want(". 0:0(0) ack 6")
	h.in(". 6:6(0) ack 1", "")

	h.wait(time.Hour - time.Second)
	h.sent = nil
	h.write("data")
	h.want("P. 1:5(4) ack 6")
	h.wait(1500 * time.Millisecond)
	for _, s := range h.sent {
		if len(s.Payload) == 0 {
			t.Error("a probe while data is outstanding")
		}
	}
}

// The defaults of interval and count are Linux's (C-114).
func TestKeepAliveDefaults(t *testing.T) {
	c := plainConfig()
	c.KeepAlive.Idle = 2 * time.Hour
	h := connect(t, c, "")
	h.wait(2*time.Hour + 9*75*time.Second - 1)
	if got := len(h.sent); got != 9 {
		t.Errorf("got %d probes, want 9", got)
	}
	h.wantState(Established)
	h.wait(1)
	h.wantEnd(ErrTimeout)
}

// It can be switched on and off while the connection stands, and goes by when the
// peer was last heard.
func TestSetKeepAlive(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.wait(30 * time.Minute)
	h.m.SetKeepAlive(h.now, KeepAlive{Idle: time.Hour})
	h.wait(30*time.Minute - 1)
	h.wantIdle()
	h.wait(1)
	h.want(". 0:0(0) ack 1")
	h.m.SetKeepAlive(h.now, KeepAlive{})
	h.wait(10 * time.Hour)
	h.wantIdle()
	h.wantState(Established)
}

// Half-closed connections are kept alive as well; one in TIME-WAIT is not.
func TestKeepAliveStates(t *testing.T) {
	h := connect(t, withKeepAlive(), "")
	h.closeWrite()
	h.sent = nil
	h.in(". 1:1(0) ack 2", "")
	h.wantState(FinWait2)
	h.wait(time.Hour)
	h.want(". 1:1(0) ack 1")
	h.in("F. 1:1(0) ack 2", "")
	h.wantState(TimeWait)
	h.sent = nil
	h.m.SetKeepAlive(h.now, KeepAlive{Idle: time.Second})
	h.wait(59 * time.Second)
	h.wantIdle()
}
