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

// openBursts opens a connection whose peer has a large window.
func openBursts(t *testing.T, c Config) *harness {
	t.Helper()
	h := startClient(t, c, "")
	h.want("S" + ecnFlags(c, "EW") + " 0:0(0) <...>")
	h.in("S."+ecnFlags(c, "E")+" 0:0(0) ack 1 <mss 1460,sackOK,nop,wscale 7>", "")
	h.want(". 1:1(0) ack 1")
	h.in(". 1:1(0) ack 1 win 20000", "")
	h.wantIdle()
	return h
}

func ecnFlags(c Config, flags string) string {
	if c.ECN == ECNRequest {
		return flags
	}
	return ""
}

// manyBursts returns a connection over which so much was written and sent, with all
// outputs in h.sent.
func manyBursts(t *testing.T, n int) *harness {
	t.Helper()
	h := openBursts(t, burstConfig())
	h.write(bytesOf(n))
	return h
}

// pushAll sends all that may be sent.
func (h *harness) pushAll() {
	for h.m.PushDue() {
		h.take(h.m.Push(h.now, h.out[:0]))
	}
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

// What makes the window smaller does so by as much in a run of acknowledgements as in
// single ones.
func TestShrinkInRun(t *testing.T) {
	const window = 400 * 1460
	for name, last := range map[string]string{
		"loss": ". 1:1(0) ack 351461 win 20000 <nop,nop,sack 352921:400001>",
		"mark": ".E 1:1(0) ack 400001 win 20000",
	} {
		shrink := func(in func(h *harness, text string)) int {
			c := burstConfig()
			c.ECN = ECNRequest
			h := openBursts(t, c)
			h.m.cwnd.window, h.m.cwnd.threshold, h.m.cwnd.control = window, window, NewReno
			h.write(bytesOf(2_000_000))
			h.pushAll()
			for ack := 50_001; ack < 400_000; ack += 50_000 {
				in(h, fmt.Sprintf(". 1:1(0) ack %d win 20000", ack))
			}
			in(h, last)
			if h.m.cwnd.threshold == window {
				t.Fatalf("%s: the window has not shrunk", name)
			}
			return h.m.cwnd.threshold
		}
		want := shrink(func(h *harness, text string) { h.in(text, "") })
		if got := shrink((*harness).inMore); got != want {
			t.Errorf("%s: threshold after a run %d, after single ACKs %d", name, got, want)
		}
	}
}

// So it is with the end of a probe of the tail that has repaired a loss.
func TestTailProbeInRun(t *testing.T) {
	probe := func(in func(h *harness, text string)) int {
		h := manyBursts(t, 100_000)
		h.m.cwnd.window, h.m.cwnd.control = 300*1460, NewReno
		h.in(". 1:1(0) ack 50001 win 20000", "")
		for range 5 {
			h.now = h.m.Deadline()
			if h.take(h.m.Advance(h.now, h.out[:0])); h.m.tail.under {
				break
			}
		}
		if !h.m.tail.under {
			t.Fatal("there was no probe")
		}
		h.write(bytesOf(1_500_000))
		h.pushAll()
		for ack := 60_001; ack < 300_000; ack += 10_000 {
			in(h, fmt.Sprintf(". 1:1(0) ack %d win 20000", ack))
		}
		if h.m.tail.under || h.m.cwnd.threshold == 1<<30 {
			t.Fatal("the probe has not ended with a loss")
		}
		return h.m.cwnd.threshold
	}
	want := probe(func(h *harness, text string) { h.in(text, "") })
	if got := probe((*harness).inMore); got != want {
		t.Errorf("threshold after a run %d, after single ACKs %d", got, want)
	}
}

// A window that the next Push will fill is made use of: what is acknowledged meanwhile
// counts for its growth.
func TestGrowthBeforePush(t *testing.T) {
	credit := func(push bool) int {
		c := burstConfig()
		c.SendBuffer = 8 << 20
		h := openBursts(t, c)
		h.m.cwnd.window, h.m.cwnd.threshold, h.m.cwnd.control = 2_000_000, 1_000_000, NewReno
		h.write(bytesOf(8_000_000))
		if push {
			h.pushAll()
		}
		for ack := 50_001; ack <= 500_001; ack += 50_000 {
			h.inMore(fmt.Sprintf(". 1:1(0) ack %d win 20000", ack))
		}
		return h.m.cwnd.credit
	}
	want := credit(true)
	if got := credit(false); got != want || want == 0 {
		t.Errorf("%d bytes count before the window is full, %d when it is", got, want)
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
