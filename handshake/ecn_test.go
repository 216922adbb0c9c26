package handshake

import (
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
)

// wantECT is want for a segment whose packet may be marked.
func (h *harness) wantECT(text string) {
	h.t.Helper()
	if len(h.sent) > 0 && !h.ect[len(h.ect)-len(h.sent)] {
		h.t.Errorf("%s is sent so that it cannot be marked", text)
	}
	h.want(text)
}

// wantNotECT is want for a segment whose packet must not be marked.
func (h *harness) wantNotECT(text string) {
	h.t.Helper()
	if len(h.sent) > 0 && h.ect[len(h.ect)-len(h.sent)] {
		h.t.Errorf("%s is sent so that it can be marked", text)
	}
	h.want(text)
}

// inCE injects a segment whose packet was marked on the way.
func (h *harness) inCE(text, payload string) {
	h.t.Helper()
	h.m.Mark(wire.CE)
	h.in(text, payload)
	h.m.Mark(wire.NotECT)
}

func (h *harness) wantECN(want bool) {
	h.t.Helper()
	if got := h.m.Info().ECN; got != want {
		h.t.Errorf("ECN: got %v, want %v", got, want)
	}
}

// withECN is withSACK for a client that asks for ECN.
func withECN() Config {
	c := withSACK()
	c.ECN = ECNRequest
	return c
}

// agreed is fullSegments for a client that has agreed on ECN.
func agreed(t *testing.T, n int, c Config) *harness {
	t.Helper()
	h := startClient(t, c, "")
	h.wait(100 * time.Millisecond)
	synAck := "SE. 0:0(0) ack 1 <mss 1000,sackOK"
	if !c.NoTimestamps {
		synAck += ",TS val 7 ecr 100"
	}
	h.in(synAck+">", "")
	h.wantECN(true)
	h.write(bytesOf(n * h.m.Info().MSS))
	h.sent = nil
	return h
}

// connectECN is an established client that has agreed on ECN.
func connectECN(t *testing.T) *harness {
	t.Helper()
	c := plainConfig()
	c.ECN = ECNRequest
	h := startClient(t, c, "")
	h.want("SEW 0:0(0) <...>")
	h.in("SE. 0:0(0) ack 1 <mss 1000>", "")
	h.want(". 1:1(0) ack 1")
	return h
}

// A client asks by ECE and CWR in its SYN, and has ECN if the answer has ECE
// alone. RFC 3168, Section 6.1.1 (C-117).
func TestECNClient(t *testing.T) {
	for _, test := range []struct {
		ecn         ECN
		syn, synAck string
		want        bool
	}{
		{ECNRequest, "SEW 0:0(0) <...>", "SE. 0:0(0) ack 1 <mss 1000>", true},
		{ECNRequest, "SEW 0:0(0) <...>", "S. 0:0(0) ack 1 <mss 1000>", false},
		{ECNRequest, "SEW 0:0(0) <...>", "SEW. 0:0(0) ack 1 <mss 1000>", false},
		{ECNRequest, "SEW 0:0(0) <...>", "SW. 0:0(0) ack 1 <mss 1000>", false},
		{ECNAnswer, "S 0:0(0) <...>", "SE. 0:0(0) ack 1 <mss 1000>", false},
		{ECNOff, "S 0:0(0) <...>", "SE. 0:0(0) ack 1 <mss 1000>", false},
	} {
		c := plainConfig()
		c.ECN = test.ecn
		h := startClient(t, c, "")
		h.wantNotECT(test.syn)
		h.in(test.synAck, "")
		h.wantNotECT(". 1:1(0) ack 1")
		h.wantECN(test.want)
		h.write("hello")
		if test.want {
			h.wantECT("P. 1:6(5) ack 1")
		} else {
			h.wantNotECT("P. 1:6(5) ack 1")
		}
	}
}

// A SYN that is sent again asks no more. The answer may all the same be one to the
// first SYN: then marks are echoed, and nothing of ours can be marked. RFC 3168,
// Sections 6.1.1 and 6.1.1.1 (C-117).
func TestECNSynAgain(t *testing.T) {
	c := plainConfig()
	c.ECN = ECNRequest
	h := startClient(t, c, "")
	h.want("SEW 0:0(0) <...>")
	h.wait(time.Second)
	h.want("S 0:0(0) <...>")
	h.in("SE. 0:0(0) ack 1 <mss 1000>", "")
	h.want(". 1:1(0) ack 1")
	h.wantECN(true)
	h.write("hello")
	h.wantNotECT("P. 1:6(5) ack 1")
	h.inCE("P. 1:6(5) ack 6", "world")
	h.want(".E 6:6(0) ack 6")
	before := h.m.Info().Cwnd
	h.write("hello")
	h.in(".E 6:6(0) ack 11", "")
	if got := h.m.Info(); got.Threshold != 1<<30 || got.Cwnd < before {
		t.Errorf("got threshold %d, window %d: nothing can have been marked", got.Threshold, got.Cwnd)
	}
}

// A server agrees by ECE if the SYN asks, also for AccECN, and again when the
// SYN-ACK is repeated. RFC 3168, Section 6.1.1; RFC 9768, Section 3.1.2 (C-117,
// L-23).
func TestECNServer(t *testing.T) {
	for _, test := range []struct {
		ecn  ECN
		syn  string
		want bool
	}{
		{ECNAnswer, "SEW", true},
		{ECNAnswer, "SEWA", true},
		{ECNRequest, "SEW", true},
		{ECNAnswer, "S", false},
		{ECNAnswer, "SE", false},
		{ECNAnswer, "SW", false},
		{ECNOff, "SEW", false},
	} {
		c := plainConfig()
		c.ECN = test.ecn
		synAck := "S. 0:0(0) ack 1 <mss 1460>"
		if test.want {
			synAck = "SE. 0:0(0) ack 1 <mss 1460>"
		}
		h := startServer(t, c, Admission{}, test.syn+" 0:0(0) win 1000 <mss 1000>", "")
		h.wantNotECT(synAck)
		h.wait(time.Second)
		h.wantNotECT(synAck)
		h.in(test.syn+" 0:0(0) win 1000 <mss 1000>", "")
		h.wantNotECT(synAck)
		h.wantECN(test.want)
		h.in(". 1:1(0) ack 1", "")
		h.write("hello")
		if test.want {
			h.wantECT("P. 1:6(5) ack 1")
		} else {
			h.wantNotECT("P. 1:6(5) ack 1")
		}
	}
}

// A SYN that comes again without asking: the answer is the same, since the first
// one may be known, and nothing of ours can be marked. RFC 3168, Section 6.1.1
// (C-117).
func TestECNServerAskedNoMore(t *testing.T) {
	c := plainConfig()
	c.ECN = ECNAnswer
	h := startServer(t, c, Admission{}, "SEW 0:0(0) win 1000 <mss 1000>", "")
	h.want("SE. 0:0(0) ack 1 <mss 1460>")
	h.wait(600 * time.Millisecond)
	h.in("S 0:0(0) win 1000 <mss 1000>", "")
	h.want("SE. 0:0(0) ack 1 <mss 1460>")
	h.in(". 1:1(0) ack 1", "")
	h.write("hello")
	h.wantNotECT("P. 1:6(5) ack 1")
	h.inCE("P. 1:6(5) ack 6", "world")
	h.want(".E 6:6(0) ack 6")
}

// The data of a SYN and of a SYN-ACK cannot be marked; what follows can, also
// before the handshake is over. RFC 3168, Section 6.1.1; RFC 7413, Section 4.2.2
// (C-117, C-127).
func TestECNFastOpen(t *testing.T) {
	c := withCookie("a24e1d39")
	c.ECN = ECNRequest
	h := startClient(t, c, "hello")
	h.wantNotECT("SEW 0:5(5) <...>")
	h.in("SE. 0:0(0) ack 1 <mss 1000>", "")
	h.wantNotECT("P. 1:6(5) ack 1") // again
	h.write("world")
	h.wantECT("P. 6:11(5) ack 1")

	c = plainConfig()
	c.ECN = ECNAnswer
	s := startServer(t, c, admitted, strings.Replace(synWithCookie, "S ", "SEW ", 1), "hello")
	s.wantNotECT("SE. 0:0(0) ack 6 <mss 1460>")
	s.write("world")
	s.wantECT("P. 1:6(5) ack 6")
}

// A simultaneous open has no ECN (C-117).
func TestECNSimultaneousOpen(t *testing.T) {
	c := plainConfig()
	c.ECN = ECNRequest
	h := startClient(t, c, "")
	h.want("SEW 0:0(0) <...>")
	h.in("SEW 0:0(0) <mss 1000>", "")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
	h.in("SE. 0:0(0) ack 1 <mss 1000>", "")
	h.want(". 1:1(0) ack 1")
	h.wantState(Established)
	h.wantECN(false)
	h.write("hello")
	h.wantNotECT("P. 1:6(5) ack 1")
}

// What is answered by a SYN cookie has no ECN (C-117).
func TestECNSynCookie(t *testing.T) {
	s := newCookieServer(t, Config{ECN: ECNAnswer})
	synAck, set := s.answer(epoch, "SEW 7:7(0) win 9000 <mss 1460,sackOK,TS val 1 ecr 0>")
	if synAck.Flags != wire.SYN|wire.ACK {
		t.Errorf("got flags %v", synAck.Flags)
	}
	ack := ackOf(&synAck, "hello", &wire.Timestamps{Val: 2, Ecr: set.Timestamps.Val})
	syn, ok := s.cookies.Recall(epoch, s.config, s.local, s.remote, ack)
	if !ok {
		t.Fatal("the cookie is not known again")
	}
	if m, _ := RestoreServer(epoch, s.config, syn, ack, nil); m.Info().ECN || m.State() != Established {
		t.Errorf("got %v, ECN %v", m.State(), m.Info().ECN)
	}
}
