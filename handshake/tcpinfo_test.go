package handshake

import (
	"testing"
	"time"
)

// A tally is what Linux's tcp_info counts in segments.
type tally struct {
	unacked, sacked, lost, resent, delivered, total int
	state                                           CongestionState
}

func (h *harness) wantTally(want tally) {
	h.t.Helper()
	i := h.m.Info()
	got := tally{i.Unacked, i.Sacked, i.Lost, i.Resent, i.Delivered, i.TotalRetransmits, i.CongestionState}
	if got != want {
		h.t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// withSACKAndCookie is a client that has a cookie and offers SACK.
func withSACKAndCookie() Config {
	c := withCookie(aCookie)
	c.NoSACK = false
	return c
}

// Data of the SYN that was left out goes again by itself, pushed, ahead of what
// follows, and counts as sent again (T-12).
func TestInfoSynDataAgain(t *testing.T) {
	h := startClient(t, withSACKAndCookie(), bytesOf(6000))
	h.want("S 0:1420(1420) <...>")
	h.wantTally(tally{unacked: 1})
	h.wait(20 * time.Millisecond)
	h.in("S. 0:0(0) ack 1 <mss 1460,sackOK>", "")
	h.want("P. 1:1421(1420) ack 1")
	h.want(". 1421:2881(1460) ack 1")
	h.want(". 2881:4341(1460) ack 1")
	h.want(". 4341:5801(1460) ack 1")
	h.want("P. 5801:6001(200) ack 1")
	h.wantIdle()
	h.wantTally(tally{unacked: 5, resent: 1, delivered: 1, total: 1, state: CongestionLoss})
	h.wait(20 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1421:6001>", "")
	h.want("P. 1:1421(1420) ack 1")
	h.wantTally(tally{unacked: 5, sacked: 4, lost: 1, resent: 1, delivered: 5, total: 2, state: CongestionRecovery})
	h.wait(20 * time.Millisecond)
	h.in(". 1:1(0) ack 6001", "")
	h.wantTally(tally{delivered: 6, total: 2})
}

// The same where a part was taken, and the segments are smaller than the SYN.
func TestInfoSynDataInPart(t *testing.T) {
	h := startClient(t, withSACKAndCookie(), bytesOf(1420))
	h.want("S 0:1420(1420) <...>")
	h.wait(10 * time.Millisecond)
	h.in("S. 0:0(0) ack 101 <mss 1000,sackOK>", "")
	h.want(". 101:1101(1000) ack 1")
	h.want("P. 1101:1421(320) ack 1")
	h.wantTally(tally{unacked: 2, resent: 2, delivered: 1, total: 2, state: CongestionLoss})
	h.write(bytesOf(4000))
	h.sent = nil
	h.wantTally(tally{unacked: 6, resent: 2, delivered: 1, total: 2, state: CongestionLoss})
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 101 <nop,nop,sack 1101:5421>", "")
	h.want(". 101:1101(1000) ack 1")
	h.wait(10 * time.Millisecond)
	h.in(". 1:1(0) ack 5421", "")
	if i := h.m.Info(); i.Unacked != 0 || i.Resent != 0 || i.CongestionState != CongestionOpen {
		t.Errorf("all acknowledged: %+v", i)
	}
}

// Where the rest would have to wait for it, it does not go by itself.
func TestSynDataAgainInSmallWindow(t *testing.T) {
	c := withSACKAndCookie()
	c.FastOpen.MSS = 140
	h := startClient(t, c, bytesOf(3000))
	h.want("S 0:100(100) <...>")
	h.in("S. 0:0(0) ack 1 win 1500 <mss 1460,sackOK>", "")
	h.want(". 1:1461(1460) ack 1")
	h.wantIdle()
}

// What a SYN and its answer count for: the SYN is delivered once, with its data or
// without.
func TestInfoDelivered(t *testing.T) {
	for _, test := range []struct {
		name, synAck string
		written      int
		lose         bool // the first SYN
		before, then int
		acked        bool // TCPI_OPT_SYN_DATA
		fail         ClientFail
	}{
		{"all data", "S. 0:0(0) ack 901 <mss 1460>", 900, false, 1, 1, true, ClientFailNone},
		{"and more", "S. 0:0(0) ack 901 <mss 1460>", 1900, false, 1, 2, true, ClientFailNone},
		{"in part", "S. 0:0(0) ack 101 <mss 1460>", 900, false, 1, 2, false, ClientFailDataNotAcked},
		{"SYN only", "S. 0:0(0) ack 1 <mss 1460>", 900, false, 1, 2, false, ClientFailDataNotAcked},
		{"second SYN", "S. 0:0(0) ack 1 <mss 1460>", 900, true, 1, 2, false, ClientFailSynRetransmitted},
		{"late, all data", "S. 0:0(0) ack 901 <mss 1460>", 900, true, 1, 1, true, ClientFailNone},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := withCookie(aCookie)
			c.FastOpen.MSS = 940
			h := startClient(t, c, bytesOf(test.written))
			if test.lose {
				h.wait(time.Second)
			}
			if i := h.m.Info(); i.Delivered != 0 || i.SynDataAcked || i.ClientFail != ClientFailNone {
				t.Errorf("SYN-SENT: %+v", i)
			}
			h.in(test.synAck, "")
			if got := h.m.Info().Delivered; got != test.before {
				t.Errorf("SYN-ACK: %d delivered, want %d", got, test.before)
			}
			h.ackAll(65535)
			i := h.m.Info()
			if i.Delivered != test.then || i.SynDataAcked != test.acked || i.ClientFail != test.fail {
				t.Errorf("got %d delivered, SYN data %v, fail %v; want %d, %v, %v", i.Delivered, i.SynDataAcked, i.ClientFail, test.then, test.acked, test.fail)
			}
		})
	}
	c := plainConfig()
	c.FastOpen.Mode = ClientOn
	if got := startClient(t, c, "").m.Info().ClientFail; got != ClientFailNoCookie {
		t.Errorf("request: got %v, want %v", got, ClientFailNoCookie)
	}
	if got := startClient(t, plainConfig(), "").m.Info().ClientFail; got != ClientFailNone {
		t.Errorf("plain: got %v, want %v", got, ClientFailNone)
	}
}

// A server has taken SYN data if there was any.
func TestInfoServer(t *testing.T) {
	for _, test := range []struct {
		a        Admission
		syn, was string
		want     bool
	}{
		{admitted, synWithCookie, "hello", true},
		{Admission{}, synWithCookie, "hello", false},
		{admitted, "S 0:0(0) <mss 1460>", "", false},
	} {
		h := startServer(t, plainConfig(), test.a, test.syn, test.was)
		if got := h.m.Info().SynDataAcked; got != test.want {
			t.Errorf("%v, %q: got %v, want %v", test.a, test.was, got, test.want)
		}
		h.wait(time.Second)
		want := CongestionOpen
		if test.a.Data {
			want = CongestionLoss
		}
		if got := h.m.Info().CongestionState; got != want {
			t.Errorf("SYN-ACK sent again: %v, want %v", got, want)
		}
	}
}

// The ACK of a server's SYN-ACK was lost, and so were the first two segments of
// its response: the ACK that comes then ends the handshake and shows the loss.
func TestSACKEndsHandshake(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := startServer(t, c, admitted, "S 0:5(5) <mss 1012,sackOK,TS val 700 ecr 0>", "hello")
	h.want("S. 0:0(0) ack 6 <...>")
	h.wait(10 * time.Millisecond)
	h.write(bytesOf(10_000))
	if got := h.m.Info(); got.CwndSegments != 10 || got.Unacked != 10 {
		t.Errorf("window %d, in flight %d; want 10 and 10", got.CwndSegments, got.Unacked)
	}
	h.sent = nil
	h.in(". 6:6(0) ack 1 <nop,nop,TS val 710 ecr 100,nop,nop,sack 2001:5001>", "")
	h.want(". 1:1001(1000) ack 6 <...>")
	h.want(". 1001:2001(1000) ack 6 <...>")
	h.wantIdle()
	h.wantTally(tally{unacked: 10, sacked: 3, lost: 2, resent: 2, delivered: 4, total: 2, state: CongestionRecovery})
	if got := h.m.Info().CwndSegments; got != 7 {
		t.Errorf("window: got %d, want 7", got)
	}
	h.in(". 6:6(0) ack 1 <nop,nop,TS val 711 ecr 100,nop,nop,sack 2001:6001>", "")
	h.wantTally(tally{unacked: 10, sacked: 4, lost: 2, resent: 2, delivered: 5, total: 2, state: CongestionRecovery})
	if got := h.m.Info().CwndSegments; got != 7 {
		t.Errorf("window: got %d, want 7", got)
	}
	h.in(". 6:6(0) ack 10001 <nop,nop,TS val 712 ecr 110>", "")
	h.wantTally(tally{delivered: 11, total: 2})
}

// The words and numbers of Linux.
func TestCongestionStates(t *testing.T) {
	for i, want := range []string{"Open", "Disorder", "CWR", "Recovery", "Loss"} {
		if got := CongestionState(i).String(); got != want {
			t.Errorf("state %d: got %s, want %s", i, got, want)
		}
	}
	h := fullSegments(t, 4, withSACK())
	h.wait(100 * time.Millisecond)
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1001:2001>", "")
	if got := h.m.Info().CongestionState; got != CongestionDisorder {
		t.Errorf("one segment out of order: %v, want %v", got, CongestionDisorder)
	}
	h.wait(time.Minute)
	if got := h.m.Info(); got.CongestionState != CongestionLoss || got.Lost == 0 {
		t.Errorf("after a timeout: %v with %d lost, want %v", got.CongestionState, got.Lost, CongestionLoss)
	}
}
