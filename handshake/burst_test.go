package handshake

import (
	"fmt"
	"testing"

	"tfocraft/wire"
)

// burstConfig allows for bursts, and for as many as there is data.
func burstConfig() Config {
	c := plainConfig()
	c.NoWindowScale, c.NoSACK = false, false
	c.Burst, c.InitialWindow = 65000, 1000
	c.SendBuffer = 2 << 20
	return c
}

// manyBursts returns a connection over which so much was written and sent, with all
// outputs in h.sent.
func manyBursts(t *testing.T, n int) *harness {
	t.Helper()
	h := startClient(t, burstConfig(), "")
	h.want("S 0:0(0) <...>")
	syn := h.parse("S. 0:0(0) ack 1 <mss 1460,sackOK,nop,wscale 7>", "")
	h.take(h.m.Input(h.now, syn, h.out[:0]))
	h.want(". 1:1(0) ack 1")
	open := h.parse(". 1:1(0) ack 1 win 20000", "")
	h.take(h.m.Input(h.now, open, h.out[:0]))
	h.wantIdle()
	h.write(bytesOf(n))
	return h
}

func payloadLen(sent []wire.Segment) (n int) {
	for i := range sent {
		n += len(sent[i].Payload)
	}
	return n
}

// One call sends a limited number of bursts, and says that there is more.
func TestPushDue(t *testing.T) {
	const n = 1_000_000
	h := manyBursts(t, n)
	calls := 1
	for ; h.m.PushDue(); calls++ {
		before := payloadLen(h.sent)
		h.take(h.m.Push(h.now, h.out[:0]))
		if got := payloadLen(h.sent) - before; got == 0 || got >= (quota+1)*h.m.config.Burst {
			t.Fatalf("call %d has sent %d bytes", calls, got)
		}
	}
	if got := payloadLen(h.sent); got != n || calls != 2 {
		t.Errorf("%d bytes went out in %d calls, want %d in 2", got, calls, n)
	}
}

// Acknowledgements that come together are answered together, but not behind one that
// tells of a loss.
func TestRunOfAcks(t *testing.T) {
	for _, lossy := range []bool{false, true} {
		h := manyBursts(t, 2_000_000)
		h.sent = nil
		sack := ""
		if lossy {
			sack = " <nop,nop,sack 200001:400001>"
		}
		for ack := 10_001; ack < 100_000; ack += 10_000 {
			h.inMore(fmt.Sprintf(". 1:1(0) ack %d win 20000%s", ack, sack))
		}
		if got := payloadLen(h.sent); got > 0 != lossy {
			t.Errorf("lossy %v: %d bytes were sent before the end of the run", lossy, got)
		}
		before := payloadLen(h.sent)
		h.take(h.m.Settle(h.now, h.out[:0]))
		if got := payloadLen(h.sent) - before; !lossy && got < quota*65000*9/10 {
			t.Errorf("%d bytes were sent at the end of the run, want %d bursts", got, quota)
		}
	}
}

func (h *harness) inMore(text string) {
	h.t.Helper()
	h.take(h.m.InputMore(h.now, h.parse(text, ""), h.out[:0]))
}

// A loss that shows in a run of acknowledgements shrinks the window as far as one that
// shows in a single one.
func TestLossInRun(t *testing.T) {
	const window = 400 * 1460
	lose := func(in func(h *harness, text string)) int {
		h := manyBursts(t, 2_000_000)
		h.m.cwnd.window = window
		h.m.cwnd.control = NewReno
		h.take(h.m.Push(h.now, h.out[:0])) // there is no more room
		for ack := 50_001; ack < 400_000; ack += 50_000 {
			in(h, fmt.Sprintf(". 1:1(0) ack %d win 20000", ack))
		}
		in(h, ". 1:1(0) ack 350001 win 20000 <nop,nop,sack 352921:400001>")
		if h.m.recovery.phase != phaseRecovery {
			t.Fatal("no loss was seen")
		}
		return h.m.cwnd.threshold
	}
	want := lose(func(h *harness, text string) { h.in(text, "") })
	if got := lose((*harness).inMore); got != want {
		t.Errorf("threshold after a run %d, after single ACKs %d", got, want)
	}
}

// A burst is cut by the size that its own options leave, also when they hold a
// report that the next segment will not have (C-110).
func TestBurstLeavesRoomForOptions(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	c.Burst = 65000
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 7 ecr 100>")
	h.in("P. 1:11(10) ack 1 <nop,nop,TS val 8 ecr 100>", bytesOf(10))
	h.write(bytesOf(60_000))
	// Partly old data, which is reported, and an ACK that makes room.
	h.in("P. 6:16(10) ack 14481 <nop,nop,TS val 8 ecr 100>", bytesOf(10))
	bursts := 0
	for _, o := range h.out {
		if o.Kind != Transmit || len(o.Segment.Payload) == 0 {
			continue
		}
		size := len(o.Segment.Payload)
		if o.SegmentSize > 0 {
			size = o.SegmentSize
			bursts++
		}
		if got := len(o.Segment.Options) + size; got > 1460 {
			t.Errorf("%d bytes of options and %d of payload in a segment, more than 1460", len(o.Segment.Options), size)
		}
	}
	if bursts == 0 {
		t.Fatal("there was no burst")
	}
}
