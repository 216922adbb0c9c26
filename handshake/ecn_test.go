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

// A mark is told in every ACK, the first one at once, until the sender says that it
// has understood. RFC 3168, Section 6.1.3 (C-125).
func TestECNEcho(t *testing.T) {
	h := connectECN(t)
	h.in("P. 1:6(5) ack 1", "hello")
	h.wantIdle() // the ACK is delayed
	if h.m.Info().ECNSeen {
		t.Error("a packet has come that could be marked: there was none")
	}
	h.inCE("P. 6:11(5) ack 1", "hello")
	h.wantNotECT(".E 1:1(0) ack 11")
	if !h.m.Info().ECNSeen {
		t.Error("no packet has come that could be marked")
	}
	h.inCE("P. 11:16(5) ack 1", "hello")
	h.wantIdle()
	h.wait(40 * time.Millisecond)
	h.want(".E 1:1(0) ack 16")
	h.write("world")
	h.wantECT("PE. 1:6(5) ack 16")
	h.in("P.W 16:21(5) ack 6", "hello")
	h.want(". 6:6(0) ack 21")
	h.in("P. 21:26(5) ack 6", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 6:6(0) ack 26")
	// One that says so and is marked itself.
	h.inCE("P. 26:31(5) ack 6", "hello")
	h.want(".E 6:6(0) ack 31")
	h.inCE("P.W 31:36(5) ack 6", "hello")
	h.wait(40 * time.Millisecond)
	h.want(".E 6:6(0) ack 36")
	h.abort()
	h.want("R. 6:6(0) ack 36 win 65500")
}

// ECT(0) and ECT(1) are seen, and are no marks. RFC 3168, Section 5 (C-125).
func TestECNSeen(t *testing.T) {
	for _, e := range []wire.ECN{wire.ECT0, wire.ECT1} {
		h := connectECN(t)
		h.m.Mark(e)
		h.in("P. 1:6(5) ack 1", "hello")
		h.wait(40 * time.Millisecond)
		h.want(". 1:1(0) ack 6")
		if !h.m.Info().ECNSeen {
			t.Errorf("%d: not seen", e)
		}
	}
}

// What is not in the window, or has no data, may be from anybody: its marks and its
// CWR mean nothing. RFC 3168, Section 6.1.5 (C-125).
func TestECNMarksOfOthers(t *testing.T) {
	h := connectECN(t)
	h.inCE("P. 100001:100006(5) ack 1", "hello")
	h.want(". 1:1(0) ack 1")
	h.inCE(". 1:1(0) ack 1", "")
	h.in("P. 1:6(5) ack 1", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 1:1(0) ack 6")
	h.inCE("P. 6:11(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
	h.in(".W 11:11(0) ack 1", "")
	h.wait(time.Second)
	h.in("P.W 1:6(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
}

// A mark counts where its segment arrives out of order. RFC 3168, Section 6.1.3
// (C-125).
func TestECNMarkOutOfOrder(t *testing.T) {
	h := connectECN(t)
	h.inCE("P. 6:11(5) ack 1", "world")
	h.want(".E 1:1(0) ack 1")
	h.in("P. 1:6(5) ack 1", "hello")
	h.want(".E 1:1(0) ack 11")
}

// Without ECN a mark is as good as none (C-117).
func TestECNOffIgnoresMarks(t *testing.T) {
	h := connect(t, plainConfig(), "SE. 0:0(0) ack 1 <mss 1000>")
	h.inCE("P. 1:6(5) ack 1", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 1:1(0) ack 6")
	if got := h.m.Info(); got.ECN || got.ECNSeen {
		t.Errorf("got ECN %v, seen %v", got.ECN, got.ECNSeen)
	}
}

// Marks shrink the window as a loss would, NewReno's to half and CUBIC's to seven
// tenths, once for what was in flight: the peer goes on telling until it hears CWR.
// Nothing is sent again. RFC 3168, Section 6.1.2; RFC 9438, Section 4.6 (C-126).
func TestECNReduction(t *testing.T) {
	for _, test := range []struct {
		control CongestionControl
		want    int
	}{{NewReno, 5000}, {Cubic, 7000}} {
		c := withECN()
		c.Congestion = test.control
		h := agreed(t, 10, c)
		h.write(bytesOf(20_000))
		h.wait(100 * time.Millisecond)
		h.in(".E 1:1(0) ack 1001", "")
		if got := h.m.Info(); got.Cwnd != test.want || got.Threshold != test.want || got.Retransmits != 0 || got.FastRecoveries != 0 {
			t.Fatalf("got window %d, threshold %d, %d retransmissions", got.Cwnd, got.Threshold, got.Retransmits)
		}
		h.wantIdle() // nine in flight
		for ack := 2001; ack <= 10001-test.want; ack += 1000 {
			h.in(".E 1:1(0) ack "+itoa(ack), "")
			h.wantIdle()
		}
		h.in(".E 1:1(0) ack "+itoa(11001-test.want), "")
		h.wantECT(".W 10001:11001(1000) ack 1")
		h.wantIdle()
		for ack := 12001 - test.want; ack <= 10001; ack += 1000 {
			h.in(".E 1:1(0) ack "+itoa(ack), "")
			h.wantECT(". " + itoa(ack+test.want-1000) + ":" + itoa(ack+test.want) + "(1000) ack 1")
			h.wantIdle()
		}
		if got := h.m.Info(); got.Cwnd != test.want {
			t.Errorf("at the end of the round trip: got window %d, want %d", got.Cwnd, test.want)
		}
		// The peer has had the CWR.
		h.in(". 1:1(0) ack 11001", "")
		if got := h.m.Info(); got.Cwnd < test.want || got.Threshold != test.want {
			t.Errorf("after it: got window %d, threshold %d", got.Cwnd, got.Threshold)
		}
		// The next mark.
		window := h.m.Info().Cwnd
		h.in(".E 1:1(0) ack 12001", "")
		if got := h.m.Info(); got.Cwnd >= window || got.Threshold >= test.want {
			t.Errorf("the next mark: got window %d, threshold %d", got.Cwnd, got.Threshold)
		}
	}
}

// As long as nothing new was sent since, what the peer tells is nothing new. CWR
// waits for it. RFC 3168, Section 6.1.2 (C-126).
func TestECNReductionWithoutNewData(t *testing.T) {
	h := agreed(t, 10, withECN())
	h.wait(100 * time.Millisecond)
	for ack := 1001; ack <= 10001; ack += 1000 {
		h.in(".E 1:1(0) ack "+itoa(ack), "")
	}
	h.in("P.E 1:6(5) ack 10001", "hello")
	h.wait(40 * time.Millisecond)
	h.wantNotECT(". 10001:10001(0) ack 6")
	h.wait(100 * time.Millisecond)
	h.write("hello")
	h.wantECT("P.W 10001:10006(5) ack 6")
	h.write("world")
	h.wantECT("P. 10006:10011(5) ack 6")
	h.in(".E 6:6(0) ack 10001", "")
	if got := h.m.Info(); got.Threshold != 5000 {
		t.Errorf("got threshold %d, want 5000", got.Threshold)
	}
	h.in(".E 6:6(0) ack 10006", "")
	if got := h.m.Info(); got.Threshold != 2000 {
		t.Errorf("the mark of what has said CWR: got threshold %d, want 2000", got.Threshold)
	}
}

// An ECE with nothing in flight, or on an ACK that is old, changes nothing (C-126).
func TestECNEchoOfNothing(t *testing.T) {
	h := agreed(t, 2, withECN())
	h.in(". 1:1(0) ack 2001", "")
	before := h.m.Info()
	h.in(".E 1:1(0) ack 2001", "")
	h.write(bytesOf(1000))
	h.in(".E 1:1(0) ack 1001", "")
	if got := h.m.Info(); got.Threshold != before.Threshold || got.Cwnd != before.Cwnd {
		t.Errorf("got window %d, threshold %d", got.Cwnd, got.Threshold)
	}
}

// Where a loss is repaired already marks change nothing more, and a loss in the
// flight that a mark was about changes nothing more either. RFC 3168, Section 6.1.2
// (C-126).
func TestECNWithLoss(t *testing.T) {
	hole := " 1:1(0) ack 1 <" + sackText(1001, 4001) + ">"
	for _, flags := range [][2]string{{".", ".E"}, {".E", "."}, {".E", ".E"}} {
		h := agreed(t, 10, withECN())
		h.wait(100 * time.Millisecond)
		h.in(flags[0]+" 1:1(0) ack 1 <"+sackText(1001, 2001)+">", "")
		h.in(flags[1]+hole, "")
		h.wantNotECT(". 1:1001(1000) ack 1") // no CWR with what is sent again
		h.write(bytesOf(20_000))
		h.in(flags[1]+" 1:1(0) ack 1 <"+sackText(1001, 5001)+">", "")
		if got := h.m.Info(); got.Threshold != 5000 || got.FastRecoveries != 1 {
			t.Errorf("%v: got threshold %d, %d recoveries; want 5000, 1", flags, got.Threshold, got.FastRecoveries)
		}
		for ack := 5001; ack <= 10001 && len(h.sent) == 0; ack += 1000 {
			h.in(". 1:1(0) ack 1 <"+sackText(1001, ack)+">", "")
		}
		h.wantECT(".W 10001:11001(1000) ack 1")
		h.in(".E 1:1(0) ack 10001", "")
		if got := h.m.Info(); got.Threshold != 5000 {
			t.Errorf("%v: before the CWR was acknowledged: got threshold %d, want 5000", flags, got.Threshold)
		}
	}
}

// What a timeout sends again cannot be marked and has no CWR; the first new data
// has. RFC 3168, Sections 6.1.2 and 6.1.5 (C-126, C-127).
func TestECNTimeout(t *testing.T) {
	h := agreed(t, 2, withECN())
	for h.m.Info().Timeouts == 0 {
		h.sent = nil
		h.now = h.m.Deadline()
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.wantNotECT(". 1:1001(1000) ack 1")
	h.in(". 1:1(0) ack 1001", "")
	h.wantNotECT("P. 1001:2001(1000) ack 1")
	h.write("hello")
	h.wantECT("P.W 2001:2006(5) ack 1")
	h.in(". 1:1(0) ack 2006", "")
}

// If there was no loss the peer is not told of one. RFC 4015 (C-126).
func TestECNSpuriousTimeout(t *testing.T) {
	c := withTimestamps()
	c.ECN = ECNRequest
	h := agreed(t, 5, c)
	h.wait(300 * time.Millisecond)
	h.wantNotECT(". 1:989(988) ack 1 <...>")
	h.in(". 1:1(0) ack 989 <nop,nop,TS val 8 ecr 200>", "")
	if got := h.m.Info().SpuriousRecoveries; got != 1 {
		t.Fatalf("got %d spurious, want 1", got)
	}
	h.write("more")
	h.wantECT("P. 4941:4945(4) ack 1 <...>")
	h.in(".E 1:1(0) ack 4941 <nop,nop,TS val 8 ecr 200>", "")
	if got := h.m.Info().Threshold; got == 1<<30 {
		t.Error("a mark after it does not count")
	}
}

// Probes, bare FINs and keepalives cannot be marked. RFC 3168, Section 6.1.6
// (C-127).
func TestECNNotOnProbes(t *testing.T) {
	c := withECN()
	c.KeepAlive = KeepAlive{Idle: time.Minute}
	h := agreed(t, 0, c)
	h.wait(time.Minute)
	h.wantNotECT(". 0:0(0) ack 1")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.wait(time.Second)
	h.wantNotECT(". 0:0(0) ack 1")
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 1000", "")
	h.wantECT("P. 1:6(5) ack 1")
	h.in(". 1:1(0) ack 6", "")
	h.closeWrite()
	h.wantNotECT("F. 6:6(0) ack 1")
}

// A probe of the tail that is sent again cannot be marked, one that is new can.
// RFC 3168, Section 6.1.5 (C-127).
func TestECNTailProbe(t *testing.T) {
	h := agreed(t, 10, withECN())
	h.write(bytesOf(1000))
	h.wantIdle()
	h.wait(200 * time.Millisecond)
	h.wantECT("P. 10001:11001(1000) ack 1")
	h = agreed(t, 3, withECN())
	h.wait(200 * time.Millisecond)
	h.wantNotECT("P. 2001:3001(1000) ack 1")
}

// Whoever cuts a burst repeats its flags in every segment, so CWR goes in a segment
// by itself. RFC 3168, Section 6.1.2 (C-126).
func TestECNBurst(t *testing.T) {
	c := withECN()
	c.Burst = 65000
	h := agreed(t, 10, c)
	h.write(bytesOf(20_000))
	h.wait(100 * time.Millisecond)
	h.in(".E 1:1(0) ack 1001", "")
	h.in(".E 1:1(0) ack 9001", "")
	h.wantECT(".W 10001:11001(1000) ack 1")
	h.wantECT(". 11001:14001(3000) ack 1")
	h.wantIdle()
	for _, o := range h.out {
		if o.Kind == Transmit && len(o.Segment.Payload) > 1000 && o.SegmentSize != 1000 {
			t.Errorf("a burst is cut by %d, want 1000", o.SegmentSize)
		}
	}
}

// A probe of the path's MTU is new data like any other (C-126, C-127).
func TestECNPathProbe(t *testing.T) {
	c := withECN()
	h := agreed(t, 0, c)
	h.m.handshake.pathMSS = 984
	h.m.path = &pathSearch{upper: 1461, whole: true}
	h.m.ecn.cwr = true
	h.write(bytesOf(8000))
	h.wantECT(".W 1:1001(1000) ack 1")
	h.wantECT(". 1001:1985(984) ack 1")
}
