package handshake

import (
	"errors"
	"testing"
	"time"

	"tfocraft/wire"
)

// An error ends a connection attempt if it says that the peer cannot be talked
// to; others may pass, and none ends a connection that stands. RFC 5461 (C-105).
func TestICMP(t *testing.T) {
	for _, test := range []struct {
		name string
		e    wire.ICMPError
		hard bool
	}{
		{"network", wire.ICMPError{Type: 3, Code: 0}, false},
		{"host", wire.ICMPError{Type: 3, Code: 1}, false},
		{"protocol", wire.ICMPError{Type: 3, Code: 2}, true},
		{"port", wire.ICMPError{Type: 3, Code: 3}, true},
		{"source route", wire.ICMPError{Type: 3, Code: 5}, false},
		{"time exceeded", wire.ICMPError{Type: 11}, false},
		{"port, IPv6", wire.ICMPError{IPVersion: 6, Type: 1, Code: 4}, true},
		{"no route, IPv6", wire.ICMPError{IPVersion: 6, Type: 1, Code: 0}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for state, reach := range everyState(t) {
				h := reach()
				h.t = t
				test.e.Seq = h.m.send.una
				deadline := h.m.Deadline()
				h.icmp(test.e)
				h.wantIdle()
				if state == SynSent && test.hard {
					h.wantEnd(ErrUnreachable)
					continue
				}
				h.wantState(state)
				if got := h.m.Deadline(); !got.Equal(deadline) {
					t.Errorf("%v: the deadline moved from %v to %v", state, deadline, got)
				}
			}
		})
	}
}

// As in Linux every error ends a handshake that the client has begun, but those that
// mean nothing; none ends what stands. RFC 5461, Section 4.1 (C-105).
func TestSoftErrorsEndOpen(t *testing.T) {
	for _, test := range []struct {
		e    wire.ICMPError
		ends bool
	}{
		{wire.ICMPError{Type: 3, Code: 0}, true},
		{wire.ICMPError{Type: 3, Code: 15}, true},
		{wire.ICMPError{Type: 3, Code: 16}, false},
		{wire.ICMPError{Type: 11, Code: 0}, true},
		{wire.ICMPError{Type: 11, Code: 1}, false},
		{wire.ICMPError{Type: 12}, true},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 0}, true},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 7}, true},
		{wire.ICMPError{IPVersion: 6, Type: 3, Code: 1}, true},
		{wire.ICMPError{IPVersion: 6, Type: 4, Code: 1}, true},
	} {
		c := withCookie(aCookie)
		c.SoftErrorsEndOpen = true
		for _, simultaneous := range []bool{false, true} {
			h := startClient(t, c, "hello")
			if simultaneous {
				h.in("S 0:0(0) <mss 1460>", "")
			}
			state := h.m.State()
			h.sent = nil
			test.e.Seq = h.m.send.una
			h.icmp(test.e)
			h.wantIdle()
			if test.ends {
				h.wantEnd(ErrUnreachable)
			} else {
				h.wantState(state)
			}
		}
		h := connect(t, c, "")
		h.write("hello")
		h.sent = nil
		test.e.Seq = h.m.send.una
		h.icmp(test.e)
		h.wantState(Established)
	}
}

// An error about something that is not in flight is forged or late. RFC 5927,
// Section 4.1 (C-105).
func TestICMPWrongSequence(t *testing.T) {
	for _, seq := range []wire.Seq{ourISS.Add(-1), ourISS.Add(6), ourISS.Add(1 << 30)} {
		h := startClient(t, withCookie(aCookie), "hello")
		h.want("S 0:5(5) <...>")
		h.icmp(wire.ICMPError{Type: 3, Code: 3, Seq: seq})
		h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 600, Seq: seq})
		h.wantIdle()
		h.wantState(SynSent)
		h.wantDropped(DropICMP)
		if got := h.m.Info().Dropped; got != 0 {
			t.Errorf("%d segments dropped, want none", got)
		}
	}
}

// The path is narrower: what is in flight goes again at once, smaller; after a
// while a larger size is tried again. RFC 1191, Section 6 (C-112).
func TestPacketTooBig(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.write(bytesOf(2920))
	h.sent = nil
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 1040, Seq: ourISS.Add(1)})
	h.want(". 1:1001(1000) ack 1")
	h.want(". 1001:2001(1000) ack 1")
	h.want("P. 2001:2921(920) ack 1")
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 1040, Seq: ourISS.Add(1461)}) // about the second one
	h.wantIdle()
	h.in(". 1:1(0) ack 2921", "")
	h.wait(9 * time.Minute)
	h.write(bytesOf(1460))
	h.want(". 2921:3921(1000) ack 1")
	h.want("P. 3921:4381(460) ack 1")
	h.in(". 1:1(0) ack 4381", "")
	h.wait(time.Minute)
	h.write(bytesOf(1460))
	h.want("P. 4381:5841(1460) ack 1")
}

// There is a floor: an error that claims less is not believed beyond it (C-112).
func TestPacketTooBigFloor(t *testing.T) {
	for _, test := range []struct {
		ipv6 bool
		mtu  uint32
		want int
	}{
		{false, 68, 512}, {false, 0, 512}, {false, 552, 512}, {false, 576, 536},
		{true, 68, 1220}, {true, 1280, 1220}, {true, 1300, 1240},
		{false, 1500, 1460}, {false, 9000, 1460}, // no news
	} {
		c := plainConfig()
		c.IPv6 = test.ipv6
		h := connect(t, c, "")
		h.write(bytesOf(1460))
		e := wire.ICMPError{Type: 3, Code: 4, MTU: test.mtu, Seq: ourISS.Add(1)}
		if test.ipv6 {
			e.IPVersion, e.Type, e.Code = 6, 2, 0
		}
		h.icmp(e)
		if got := h.m.Info().MSS; got != test.want {
			t.Errorf("IPv6 %v, MTU %d: got %d, want %d", test.ipv6, test.mtu, got, test.want)
		}
	}
}

// A response that was sent before the ACK goes again as well.
func TestPacketTooBigBeforeAck(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, "S 0:5(5) <mss 1460>", "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write(bytesOf(1460))
	h.want("P. 1:1461(1460) ack 6")
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 1040, Seq: ourISS.Add(1)})
	h.want(". 1:1001(1000) ack 6")
	h.want("P. 1001:1461(460) ack 6")
}

// A connection that was opened by SYN data, and that nobody has accepted yet, is
// ended by an ICMP error that quotes its SYN-ACK, as in Linux; the data that was
// taken stays readable (T-92).
func TestICMPBeforeAck(t *testing.T) {
	for _, e := range []wire.ICMPError{
		{Type: 3, Code: 0}, {Type: 3, Code: 1}, {Type: 3, Code: 3}, {Type: 11}, {IPVersion: 6, Type: 1, Code: 4},
	} {
		e.Seq = ourISS
		h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
		h.sent = nil
		h.icmp(wire.ICMPError{Type: 3, Code: 1, Seq: ourISS.Add(5000)})
		h.wantState(SynReceived)
		h.icmp(e)
		h.wantIdle()
		h.wantEnd(ErrUnreachable)
		var u *UnreachableError
		if !errors.As(h.m.Err(), &u) || u.Type != e.Type || u.Code != e.Code || u.Error() == "" {
			t.Errorf("type %d, code %d: got %+v", e.Type, e.Code, u)
		}
		h.wantRead("hello")

		h = startServer(t, plainConfig(), admitted, synWithCookie, "hello")
		h.m.Accepted()
		h.icmp(e)
		h.wantState(SynReceived)
	}
}

// A half-open connection without SYN data is forgotten where its client cannot be
// reached, as in Linux, and left alone where a port or protocol is not (T-92).
func TestICMPHalfOpen(t *testing.T) {
	for _, test := range []struct {
		e    wire.ICMPError
		ends bool
	}{
		{wire.ICMPError{Type: 3, Code: 0}, true},
		{wire.ICMPError{Type: 3, Code: 1}, true},
		{wire.ICMPError{Type: 3, Code: 2}, false},
		{wire.ICMPError{Type: 3, Code: 3}, false},
		{wire.ICMPError{Type: 3, Code: 9}, false},
		{wire.ICMPError{Type: 11}, true},
		{wire.ICMPError{Type: 11, Code: 1}, false},
		{wire.ICMPError{Type: 12}, true},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 0}, false},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 4}, true},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 6}, true},
		{wire.ICMPError{IPVersion: 6, Type: 1, Code: 7}, true},
		{wire.ICMPError{IPVersion: 6, Type: 3}, false},
		{wire.ICMPError{IPVersion: 6, Type: 4}, true},
	} {
		h := startServer(t, plainConfig(), Admission{}, synWithCookie, "hello")
		test.e.Seq = ourISS
		h.icmp(test.e)
		if got := h.m.State() == Closed; got != test.ends {
			t.Errorf("%+v: ends: %v, want %v", test.e, got, test.ends)
		}
	}
}

// A SYN without data cannot be made smaller.
func TestPacketTooBigPlainSyn(t *testing.T) {
	h := startClient(t, plainConfig(), "hello")
	h.want("S 0:0(0) <...>")
	h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: 600, Seq: ourISS})
	h.wantIdle()
	h.wait(time.Second)
	h.want("S 0:0(0) <mss 560>")
}

// Ten errors that each take a byte from the path do not have the flight sent ten
// times: what fits stays, and there is one repetition a round trip (C-112).
func TestPacketTooBigStepByStep(t *testing.T) {
	h := fullSegments(t, 10, withSACK())
	h.sent = nil
	for mtu := 1039; mtu >= 1030; mtu-- {
		h.icmp(wire.ICMPError{Type: 3, Code: 4, MTU: uint32(mtu), Seq: h.m.send.una})
	}
	bytes := 0
	for _, s := range h.sent {
		bytes += len(s.Payload)
	}
	if bytes > 10_000 {
		t.Errorf("%d bytes were sent again for a flight of 10000", bytes)
	}
	if got := h.m.Info().MSS; got != 990 {
		t.Errorf("MSS: got %d, want 990", got)
	}
}
