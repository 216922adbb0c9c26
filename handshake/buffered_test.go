package handshake

import "testing"

// Data that is queued takes memory until it is acknowledged, and so does data that came early, until the gap before it is filled.
func TestBuffered(t *testing.T) {
	h := connect(t, plainConfig(), "S. 0:0(0) ack 1 win 65535 <mss 1460>")
	want := func(least int, when string) {
		t.Helper()
		if got := h.m.Buffered(); got < least || got > 4096 || least == 0 && got > 0 {
			t.Errorf("%s: %d bytes, want at least %d", when, got, least)
		}
	}
	want(0, "idle")
	h.write("hello")
	h.want("P. 1:6(5) ack 1")
	want(5, "unacknowledged")
	h.in(". 1:1(0) ack 6 win 65535", "")
	want(0, "acknowledged")
	h.in(". 11:21(10) ack 6 win 65535", "0123456789")
	h.want(". 6:6(0) ack 1")
	want(10, "before its turn")
	h.in(". 1:11(10) ack 6 win 65535", "abcdefghij")
	h.wantRead("abcdefghij0123456789")
	want(0, "delivered")
}
