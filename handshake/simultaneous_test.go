package handshake

import (
	"testing"
	"time"
)

// Both sides open at once; Fast Open does not get in the way (T-68, C-55). The
// data of the crossing SYN is not taken, ours is acknowledged by the crossing
// SYN-ACK.
func TestSimultaneousOpen(t *testing.T) {
	for _, test := range []struct {
		name string
		syn  string
		data string
	}{
		{"plain", "S 0:0(0) <mss 1040>", ""},
		{"option and data", "S 0:3(3) <mss 1040,FO 87654321>", "xyz"},
		{"data", "S 0:3(3) <mss 1040>", "xyz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := startClient(t, withCookie("a24e1d39"), "hello")
			h.want("S 0:5(5) <...>")
			h.in(test.syn, test.data)
			h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
			h.wantState(SynReceived)
			h.in("S. 0:0(0) ack 6 <mss 940>", "")
			h.want(". 6:6(0) ack 1")
			h.wantState(Established)
			h.wantOutcome(Accepted, WhyAllAcked)
			h.wantRead("")
			h.in("P. 1:4(3) ack 6", "xyz")
			h.wantRead("xyz")
		})
	}
}

// With SACK the second SYN is reported as a duplicate, as in Linux, and the data
// that follows is acknowledged at once.
func TestSimultaneousOpenSACK(t *testing.T) {
	c := withCookie(aCookie)
	c.NoSACK = false
	c.QuickAcks = 16
	h := startClient(t, c, "hello")
	h.want("S 0:5(5) <...>")
	h.in("S 0:0(0) <mss 1040,sackOK>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK>")
	h.in("S. 0:0(0) ack 6 <mss 940,sackOK>", "")
	h.want(". 6:6(0) ack 1 <nop,nop,sack 0:1>")
	h.wait(100 * time.Millisecond)
	h.in("P. 1:4(3) ack 5", "xyz")
	h.want(". 6:6(0) ack 4")
}

// The crossing SYN-ACK leaves our data out: it goes again (T-68).
func TestSimultaneousOpenDataNotAcked(t *testing.T) {
	h := startClient(t, withCookie("a24e1d39"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S 0:0(0) <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 1 <mss 940>", "")
	h.want("P. 1:6(5) ack 1")
	h.wantOutcome(Fallback, WhySimultaneous)
}

// The crossing SYN-ACK is lost; a bare ACK does as well (T-68).
func TestSimultaneousOpenAck(t *testing.T) {
	h := startClient(t, withCookie("a24e1d39"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S 0:0(0) <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.in(". 1:1(0) ack 6", "")
	h.wantState(Established)
}

// Two of our own meet, each with data in its SYN.
func TestSimultaneousOpenBothOurs(t *testing.T) {
	a := startClient(t, withCookie("a24e1d39"), "hello")
	b := startClient(t, withCookie("a24e1d39"), "world")
	b.m.config.LocalPort, b.m.config.RemotePort = a.m.config.RemotePort, a.m.config.LocalPort
	for range 5 {
		toB, toA := a.sent, b.sent
		a.sent, b.sent = nil, nil
		for _, s := range toB {
			b.take(b.m.Input(b.now, s, nil))
		}
		for _, s := range toA {
			a.take(a.m.Input(a.now, s, nil))
		}
	}
	a.wantState(Established)
	b.wantState(Established)
	a.wantRead("world")
	b.wantRead("hello")
}

// The SYN-ACK of a simultaneous open is repeated as often as any, however often
// the SYN was (C-51).
func TestSimultaneousOpenAfterSynTimeouts(t *testing.T) {
	h := startClient(t, plainConfig(), "")
	h.wait(123 * time.Second)
	h.sent = nil
	h.in("S 0:0(0) <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	for range 5 {
		h.wait(60 * time.Second)
		h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	}
	h.wait(60 * time.Second)
	h.wantEnd(ErrTimeout)
}

// A reset in SYN-RECEIVED refuses a connection that we have opened, even there
// (C-55).
func TestSimultaneousOpenReset(t *testing.T) {
	h := startClient(t, plainConfig(), "")
	h.want("S 0:0(0) <...>")
	h.in("S 0:0(0) <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.in("R 1:1(0)", "")
	h.wantEnd(ErrRefused)
}

// The window of the crossing SYN-ACK counts, though its sequence number is that
// of the SYN.
func TestSimultaneousOpenWindow(t *testing.T) {
	h := startClient(t, plainConfig(), "hello")
	h.want("S 0:0(0) <...>")
	h.in("S 0:0(0) win 0 <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 1 win 1000 <mss 1040>", "")
	h.want("P. 1:6(5) ack 1")
}

// A crossing SYN-ACK of what we have not sent is reset, and the right one still
// counts (T-73, T-76).
func TestSimultaneousOpenBadAck(t *testing.T) {
	h := startClient(t, withCookie("a24e1d39"), "hello")
	h.want("S 0:5(5) <...>")
	h.in("S 0:0(0) <mss 1040>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.in("S. 0:0(0) ack 7 <mss 1040>", "")
	h.want("R 7:7(0) win 0")
	h.wantState(SynReceived)
	h.in("S. 0:0(0) ack 6 <mss 1040>", "")
	h.wantState(Established)
}
