package handshake

import (
	"testing"
	"time"
)

func withUserTimeout(d time.Duration) Config {
	c := plainConfig()
	c.UserTimeout = d
	return c
}

// What nobody acknowledges ends the connection at the user timeout, to the
// moment. RFC 9293, Section 3.9.1.1; RFC 5482 (C-77).
func TestUserTimeout(t *testing.T) {
	h := connect(t, withUserTimeout(5*time.Second), "")
	h.wait(time.Hour) // nothing was there for the peer
	h.write("hello")
	h.wait(5*time.Second - 1)
	h.wantState(Established)
	h.wait(1)
	h.wantEnd(ErrTimeout)
}

// It counts from when the peer last took something (C-77).
func TestUserTimeoutProgress(t *testing.T) {
	h := connect(t, withUserTimeout(5*time.Second), "")
	h.write(bytesOf(2920))
	h.wait(4 * time.Second)
	h.in(". 1:1(0) ack 1461", "")
	h.wait(5*time.Second - 1)
	h.wantState(Established)
	h.wait(1)
	h.wantEnd(ErrTimeout)
}

// It bounds a closed window as well, although the peer answers the probes: they
// take nothing (C-77, C-80).
func TestUserTimeoutClosedWindow(t *testing.T) {
	h := connect(t, withUserTimeout(5*time.Second), "")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	begun := h.now
	for h.m.State() == Established {
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
		if h.m.State() == Established {
			h.in(". 1:1(0) ack 1 win 0", "")
		}
	}
	h.wantEnd(ErrTimeout)
	if got := h.now.Sub(begun); got != 5*time.Second {
		t.Errorf("ended after %v, want 5s", got)
	}
}

// Longer than what Config.Retries allows has no effect; and it can be changed.
func TestSetUserTimeout(t *testing.T) {
	h := connect(t, withUserTimeout(time.Hour), "")
	h.write("hello")
	h.wait(4 * time.Second)
	h.m.SetUserTimeout(5 * time.Second)
	h.wait(10 * time.Second)
	h.wantEnd(ErrTimeout)
}

// With SACK the probe of the tail does not put it off.
func TestUserTimeoutTailProbe(t *testing.T) {
	c := withSACK()
	c.UserTimeout = time.Second
	h := fullSegments(t, 1, c)
	h.wait(time.Second)
	h.wantEnd(ErrTimeout)
}

// The SYN-ACK's timer looks at it as well, and does not repeat the SYN-ACK at the
// same moment again and again.
func TestUserTimeoutInSynReceived(t *testing.T) {
	c := plainConfig()
	c.UserTimeout = 1500 * time.Millisecond
	h := startServer(t, c, admitted, synWithCookie, "hello")
	h.write(bytesOf(3000))
	h.sent = nil
	h.wait(10 * time.Second)
	if got := len(h.sent); got > 2 {
		t.Errorf("%d SYN-ACKs after the first, want two at the most", got)
	}
	h.wantEnd(ErrTimeout)
}
