package handshake

import (
	"fmt"
	"testing"
)

// A buffer of another size counts from then on: what is queued beyond it stays, and
// the window does not move back. RFC 9293, Section 3.8.6.
func TestSetBuffers(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.m.SetSendBuffer(0)
	if room := h.m.SendSpace(); room != 1 {
		t.Errorf("got room for %d bytes, want 1", room)
	}
	h.m.SetSendBuffer(1000)
	if n := h.m.Queue(make([]byte, 2000)); n != 1000 {
		t.Errorf("got %d bytes queued, want 1000", n)
	}
	h.m.SetSendBuffer(0)
	if n, room := h.m.Unsent(), h.m.SendSpace(); n != 1000 || room != 0 {
		t.Errorf("got %d bytes and room for %d, want 1000 and none", n, room)
	}
	h.m.SetSendBuffer(1500)
	if room := h.m.SendSpace(); room != 500 {
		t.Errorf("got room for %d bytes, want 500", room)
	}

	window, next := h.m.Info().RecvWindow, 1
	take := func() int {
		h.consume(h.m.Unread())
		h.in(fmt.Sprintf("P. %d:%d(2000) ack 1", next, next+2000), string(make([]byte, 2000)))
		next += 2000
		return h.m.Info().RecvWindow
	}
	h.m.SetRecvBuffer(window - 1000)
	if got := take(); got != window-2000 {
		t.Errorf("got a window of %d, want %d", got, window-2000)
	}
	if got := take(); got > window-3000 {
		t.Errorf("got a window of %d, want up to %d", got, window-3000)
	}
	h.m.GrowRecvBuffer(window)
	if got := take(); got != window-2000 {
		t.Errorf("with more room: got a window of %d, want %d", got, window-2000)
	}
	h.m.GrowRecvBuffer(window / 2)
	if got := h.m.recv.limit; got != window {
		t.Errorf("no less than there was: got %d, want %d", got, window)
	}
}
