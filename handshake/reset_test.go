package handshake

import "testing"

// Only a reset that hits RCV.NXT exactly resets; one in the window is
// challenged, one outside ignored. RFC 5961, Section 3 (C-100).
func TestReset(t *testing.T) {
	for state, reach := range everyState(t) {
		if state == SynSent || state == TimeWait {
			continue
		}
		t.Run(state.String(), func(t *testing.T) {
			h := reach()
			h.t = t
			reset := h.parse("R 0:0(0)", "")
			nxt := h.m.recv.nxt
			reset.Seq = nxt.Add(-1)
			h.take(h.m.Input(h.now, reset, h.out[:0]))
			h.wantIdle()
			reset.Seq = nxt.Add(h.m.recv.window() + 1)
			h.take(h.m.Input(h.now, reset, h.out[:0]))
			h.wantIdle()
			h.wantState(state)
			reset.Seq = nxt.Add(1)
			h.take(h.m.Input(h.now, reset, h.out[:0]))
			if len(h.sent) != 1 || h.sent[0].Ack != nxt {
				t.Errorf("in the window: got %v", h.sent)
			}
			h.sent = nil
			h.wantState(state)
			reset.Seq = nxt
			h.take(h.m.Input(h.now, reset, h.out[:0]))
			h.wantIdle()
			h.wantEnd(ErrReset)
		})
	}
}

// What a reset and an ACK mean before there is a connection. RFC 9293,
// Section 3.10.7.3 (C-54, T-73).
func TestSynSent(t *testing.T) {
	for _, test := range []struct {
		in, want string
		err      error
	}{
		{". 0:0(0) ack 0", "R 0:0(0) win 0", nil},
		{". 0:0(0) ack 1", "", nil},
		{". 0:0(0) ack 7", "R 7:7(0) win 0", nil},
		{"S. 0:0(0) ack 500 <mss 1000,FO 1122334455667788>", "R 500:500(0) win 0", nil},
		{"S. 0:0(0) ack 0", "R 0:0(0) win 0", nil},
		{"R 0:0(0)", "", nil},
		{"R. 0:0(0) ack 0", "", nil},
		{"R. 0:0(0) ack 7", "", nil},
		{"R. 0:0(0) ack 1", "", ErrRefused},
		{"R. 0:0(0) ack 6", "", ErrRefused},
		{"SF 0:0(0)", "", nil},
		{"SR 0:0(0)", "", nil},
		{"F. 0:0(0) ack 6", "", nil},
		{"P 0:5(5)", "", nil},
		{"- 0:0(0)", "", nil},
	} {
		t.Run(test.in, func(t *testing.T) {
			h := startClient(t, withCookie(aCookie), "hello")
			h.want("S 0:5(5) <...>")
			h.in(test.in, "")
			if test.want != "" {
				h.want(test.want)
			}
			h.wantIdle()
			if test.err != nil {
				h.wantEnd(test.err)
				return
			}
			h.wantState(SynSent)
			if len(h.learn) != 0 {
				t.Errorf("the cache was told %v", h.learn)
			}
			h.in("S. 0:0(0) ack 6 <mss 1460>", "")
			h.want(". 6:6(0) ack 1")
			h.wantState(Established)
		})
	}
}

// A SYN on a connection that stands is challenged, whatever its number; the
// true peer, if it has forgotten us, then resets exactly. RFC 5961, Section 4
// (C-101).
func TestSynOnConnection(t *testing.T) {
	for _, text := range []string{"S 0:0(0)", "S 1:1(0)", "S 30000:30005(5)", "S 2000000000:2000000000(0)", "S. 0:0(0) ack 1", "S. 1:1(0) ack 9999"} {
		h := connect(t, plainConfig(), "")
		h.in(text, "")
		h.want(". 1:1(0) ack 1")
		h.wantDropped(DropUnexpectSYN)
		h.wantState(Established)
		h.wantRead("")
		h.in("R 1:1(0)", "")
		h.wantEnd(ErrReset)
	}
}

// Challenges are limited for each connection on its own. RFC 5961, Section 7
// (C-103).
func TestChallengeLimit(t *testing.T) {
	h := connect(t, plainConfig(), "")
	other := connect(t, plainConfig(), "")
	for range 100 {
		h.in("R 100:100(0)", "")
		h.wait(challengeInterval / 50)
	}
	if got := len(h.sent); got != 2 {
		t.Errorf("got %d challenges in 1 s, want 2", got)
	}
	if got := h.m.Info().Challenges; got != 2 {
		t.Errorf("Info: got %d, want 2", got)
	}
	other.in("R 100:100(0)", "")
	other.want(". 1:1(0) ack 1")
}
