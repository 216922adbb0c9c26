package handshake

import (
	"errors"
	"testing"
	"time"

	"tfocraft/wire"
)

// An ICMP error on a connection is what ends it if the peer stays silent: the last of
// them, if nothing was acknowledged since. RFC 9293, Section 3.9.2.2 (C-105).
func TestSoftErrorAtTimeout(t *testing.T) {
	host, network := wire.ICMPError{Type: 3, Code: 1}, wire.ICMPError{Type: 3, Code: 0}
	for _, test := range []struct {
		name   string
		errors []wire.ICMPError
		then   func(h *harness)
		want   *UnreachableError
	}{
		{"one", []wire.ICMPError{host}, nil, &UnreachableError{4, 3, 1}},
		{"two", []wire.ICMPError{host, network}, nil, &UnreachableError{4, 3, 0}},
		{"meaningless", []wire.ICMPError{{Type: 3, Code: 16}}, nil, nil},
		{"acknowledged", []wire.ICMPError{host}, func(h *harness) { h.in(". 1:1(0) ack 6", "") }, nil},
		{"anything acknowledged", []wire.ICMPError{host}, func(h *harness) { h.in(". 1:1(0) ack 1", "") }, nil},
		{"told", []wire.ICMPError{host}, func(h *harness) {
			var u *UnreachableError
			if err := h.m.SoftError(); !errors.As(err, &u) || u.Code != 1 {
				h.t.Errorf("SoftError: got %v", err)
			}
			if err := h.m.SoftError(); err != nil {
				h.t.Errorf("SoftError once more: got %v, want nil", err)
			}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := plainConfig()
			c.UserTimeout = 10 * time.Second
			h := connect(t, c, "")
			h.write("hello")
			for _, e := range test.errors {
				e.Seq = h.m.send.una
				h.icmp(e)
			}
			if test.then != nil {
				test.then(h)
			}
			h.write("hello")
			h.sent = nil
			h.wait(10 * time.Second)
			h.sent = nil
			if test.want == nil {
				h.wantEnd(ErrTimeout)
				return
			}
			h.wantEnd(ErrUnreachable)
			var u *UnreachableError
			if errors.As(h.m.Err(), &u); u == nil || *u != *test.want {
				t.Errorf("got %+v, want %+v", u, test.want)
			}
			if err := h.m.SoftError(); err != nil {
				t.Errorf("SoftError after the end: got %v, want nil", err)
			}
		})
	}
}

// What has answered the SYN is over with the handshake; before that SoftError knows
// of nothing.
func TestSoftErrorOfSyn(t *testing.T) {
	h := startClient(t, withCookie(aCookie), "hello")
	h.icmp(wire.ICMPError{Type: 3, Code: 1, Seq: ourISS})
	if err := h.m.SoftError(); err != nil {
		t.Errorf("in SYN-SENT: got %v, want nil", err)
	}
	h.in("S. 0:0(0) ack 6 <mss 1460>", "")
	if err := h.m.SoftError(); err != nil {
		t.Errorf("after the handshake: got %v, want nil", err)
	}
	// The same for one that is to end with the ACK of a SYN-ACK.
	h = startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.m.Accepted()
	h.icmp(wire.ICMPError{Type: 3, Code: 1, Seq: ourISS})
	h.in(". 6:6(0) ack 1", "")
	if err := h.m.SoftError(); err != nil {
		t.Errorf("after the server's handshake: got %v, want nil", err)
	}
	// Without that ACK it is why the connection ends that an application has already.
	h = startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.m.Accepted()
	h.icmp(wire.ICMPError{Type: 3, Code: 1, Seq: ourISS})
	h.wait(time.Minute + 10*time.Second)
	h.sent = nil
	h.wantEnd(ErrUnreachable)
}
