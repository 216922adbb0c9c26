package handshake

import (
	"fmt"
	"testing"
	"time"

	"tfocraft/wire"
)

func deferring(timeouts uint8) Config {
	c := plainConfig()
	c.DeferAccept = timeouts
	return c
}

// The ACK of a SYN-ACK does not end the handshake; data does, and so does a FIN, also
// where they come before it (C-56).
func TestDeferAccept(t *testing.T) {
	for text, data := range map[string]string{"P. 1:6(5) ack 1": "hello", "F. 1:1(0) ack 1": "", "P. 6:11(5) ack 1": "hello"} {
		h := startServer(t, deferring(2), Admission{}, "S 0:0(0) <mss 1460>", "")
		h.want("S. 0:0(0) ack 1 <mss 1460>")
		for range 2 {
			h.in(". 1:1(0) ack 1", "")
			h.wantIdle()
			h.wantDropped(DropDeferred)
			h.wantState(SynReceived)
		}
		h.in(text, data)
		if got := h.m.State(); got != Established && got != CloseWait {
			t.Errorf("after %s: got %v", text, got)
		}
	}
	// What Fast Open has let in waits for nothing.
	h := startServer(t, deferring(2), admitted, synWithCookie, "hello")
	h.in(". 6:6(0) ack 1", "")
	h.wantState(Established)
	// And a reset ends what waits.
	h = startServer(t, deferring(2), Admission{}, "S 0:0(0) <mss 1460>", "")
	h.in(". 1:1(0) ack 1", "")
	h.in("R 1:1(0)", "")
	h.wantEnd(ErrReset)
}

// A client that has sent its ACK is left in peace until its time is over: then the
// SYN-ACK goes again, and an ACK is enough. One that has not is sent the SYN-ACK as
// always (C-51, C-56).
func TestDeferAcceptEnds(t *testing.T) {
	for _, test := range []struct {
		timeouts uint8
		acked    bool
		again    []time.Duration // when the SYN-ACK goes again
		end      time.Duration
	}{
		{1, true, []time.Duration{1, 3, 7, 15, 31}, 63},
		{3, true, []time.Duration{7, 15, 31}, 63},
		{3, false, []time.Duration{1, 3, 7, 15, 31}, 63},
		{7, true, []time.Duration{123}, 183}, // more than there are retransmissions
	} {
		t.Run(fmt.Sprint(test.timeouts, test.acked), func(t *testing.T) {
			h := startServer(t, deferring(test.timeouts), Admission{}, "S 0:0(0) <mss 1460>", "")
			h.want("S. 0:0(0) ack 1 <mss 1460>")
			if test.acked {
				h.in(". 1:1(0) ack 1", "")
			}
			now := time.Duration(0)
			for _, at := range test.again {
				h.wait(at*time.Second - now - 1)
				h.wantIdle()
				h.wait(1)
				h.want("S. 0:0(0) ack 1 <mss 1460>")
				now = at * time.Second
			}
			h.wait(test.end*time.Second - now - 1)
			h.wantState(SynReceived)
			h.wait(1)
			h.wantEnd(ErrTimeout)
		})
	}
	h := startServer(t, deferring(2), Admission{}, "S 0:0(0) <mss 1460>", "")
	h.in(". 1:1(0) ack 1", "")
	h.wait(3*time.Second - 1)
	h.in(". 1:1(0) ack 1", "")
	h.wantState(SynReceived)
	h.wait(1)
	h.in(". 1:1(0) ack 1", "")
	h.wantState(Established)
}

// What a SYN cookie brings back waits for nothing, as in Linux.
func TestDeferAcceptRestored(t *testing.T) {
	syn := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: theirISS, Flags: wire.SYN, Window: 5000}
	ack := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: theirISS.Add(1), Ack: ourISS.Add(1), Flags: wire.ACK, Window: 5000}
	m, _ := RestoreServer(epoch, deferring(3), syn, ack, nil)
	if got := m.State(); got != Established {
		t.Errorf("got %v, want %v", got, Established)
	}
}

// The timestamp of an ACK that does not count is echoed all the same. RFC 7323,
// Section 4.3 (C-31).
func TestDeferredTimestamp(t *testing.T) {
	c := deferring(1)
	c.NoTimestamps = false
	h := startServer(t, c, Admission{}, "S 0:0(0) <mss 1460,sackOK,TS val 7 ecr 0>", "")
	s := h.want("S. 0:0(0) ack 1 <...>")
	set, _ := s.Options.Decode()
	h.in(fmt.Sprintf(". 1:1(0) ack 1 <nop,nop,TS val 9 ecr %d>", set.Timestamps.Val), "")
	h.wantState(SynReceived)
	h.wait(time.Second)
	s = h.want("S. 0:0(0) ack 1 <...>")
	if set, _ := s.Options.Decode(); set.Timestamps.Ecr != 9 {
		t.Errorf("got an echo of %d, want 9", set.Timestamps.Ecr)
	}
}

// A client that is going to write, or has no quick acknowledgements, keeps the ACK of
// the SYN-ACK back for 200 ms (C-22).
func TestSavedAck(t *testing.T) {
	open := func(t *testing.T, c Config) *harness {
		h := startClient(t, c, "")
		h.want("S 0:0(0) <...>")
		return h
	}
	quickOff := plainConfig()
	quickOff.QuickAcks = 16
	for _, start := range []func(t *testing.T) *harness{
		func(t *testing.T) *harness { return open(t, deferring(1)) },
		func(t *testing.T) *harness {
			h := open(t, quickOff)
			h.take(h.m.SetQuickAck(h.now, false, nil))
			return h
		},
	} {
		h := start(t)
		h.in("S. 0:0(0) ack 1 <mss 1460>", "")
		h.wait(200*time.Millisecond - 1)
		h.wantIdle()
		h.wait(1)
		h.want(". 1:1(0) ack 1")

		h = start(t)
		h.in("S. 0:0(0) ack 1 <mss 1460>", "")
		h.wait(100 * time.Millisecond)
		h.write("hello")
		h.want("P. 1:6(5) ack 1")
		h.wait(150 * time.Millisecond)
		h.wantIdle()
	}
	h := open(t, quickOff)
	h.in("S. 0:0(0) ack 1 <mss 1460>", "")
	h.want(". 1:1(0) ack 1")
}
