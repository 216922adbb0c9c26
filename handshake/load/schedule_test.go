package load

import (
	"testing"
	"time"
)

// An open loop goes on whether or not there are answers, and times count from the
// plan.
func TestOpenLoop(t *testing.T) {
	c := small(Exchange)
	c.Rate, c.Count = 100, 3
	h := begin(t, c)
	if got := h.Next(0); got != 10*time.Millisecond {
		t.Errorf("the next begins at %v", got)
	}
	h.advance(25 * time.Millisecond) // late
	h.pop()
	h.pop()
	h.want()
	h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
	first, whole := NewLatency(), NewLatency()
	h.TakeLatency(first, whole)
	if got := first.Max().Round(100 * time.Microsecond); got != 5*time.Millisecond {
		t.Errorf("what was to begin at 20 ms and answered at 25 ms took %v", got)
	}
}

// What a rate asks for and a machine cannot do is counted.
func TestUnsent(t *testing.T) {
	c := small(Syn)
	c.Rate, c.Count, c.Duration = 1000, 0, time.Second
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var out discard
	for now := time.Duration(0); !e.Done(); now += 10 * time.Millisecond {
		e.Advance(now, &out, 7)
	}
	if got := e.Counters(); got.Sent+got.Unsent != 1000 || got.Unsent < 250 {
		t.Errorf("counted %+v", got)
	}
}

// Also if it is interrupted.
func TestUnsentAtInterrupt(t *testing.T) {
	for now, want := range map[time.Duration]Counters{
		500 * time.Millisecond: {Sent: 7, Unsent: 493}, 2 * time.Second: {Sent: 7, Unsent: 993},
	} {
		c := small(Syn)
		c.Rate, c.Count, c.Duration = 1000, 0, time.Second
		e, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		var out discard
		e.Advance(10*time.Millisecond, &out, 7)
		e.Abort(now, &out)
		e.Abort(now+time.Second, &out)
		if got := e.Counters(); got != want {
			t.Errorf("interrupted at %v: counted %+v, want %+v", now, got, want)
		}
	}
}

// In an open loop what times out is among the times, from the plan on, and in a closed
// one not.
func TestTimeoutLatency(t *testing.T) {
	for _, rate := range []float64{0, 100} {
		c := small(Exchange)
		c.Rate, c.Count, c.Concurrency = rate, 3, 3
		h := start(t, c)
		h.want(append([]string{testSyn}, map[bool][]string{true: {testSyn, testSyn}}[rate == 0]...)...)
		h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
		h.pop()
		h.advance(30 * time.Millisecond) // late: two were planned meanwhile
		h.advance(5 * time.Second)
		first, whole := NewLatency(), NewLatency()
		h.TakeLatency(first, whole)
		if rate == 0 {
			if first.Count() != 1 || whole.Count() != 1 {
				t.Errorf("a closed loop has %d and %d times", first.Count(), whole.Count())
			}
			continue
		}
		for _, l := range []Latency{first, whole} {
			if got := l.Max().Round(10 * time.Millisecond); l.Count() != 3 || got != 5020*time.Millisecond {
				t.Errorf("%d times, the longest %v", l.Count(), got)
			}
		}
	}
}

// Two that begin at 10 a second take two tenths of a second.
func TestRateOfCount(t *testing.T) {
	for _, mode := range []Mode{Syn, Exchange} {
		c := small(mode)
		c.Rate, c.Count = 10, 2
		h := start(t, c)
		for range 2 {
			h.want(testSyn)
			h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
			h.server(". 15:15(0) ack 15 win 65535")
			h.out.frames = nil
			h.advance(100 * time.Millisecond)
		}
		if n, in := h.Rate(h.now); n != 2 || in != 200*time.Millisecond {
			t.Errorf("%v: %d in %v", mode, n, in)
		}
	}
}

func TestClosedLoop(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count, c.Duration = 4, 0, time.Second
	h := start(t, c)
	if n := len(h.out.frames); n != 4 {
		t.Fatalf("%d begin at once, want 4", n)
	}
	for len(h.out.frames) > 1 {
		h.pop()
	}
	h.want(testSyn)
	h.server("R. 0:0(0) ack 14 win 0")
	h.advance(0)
	h.want(testSyn)
	h.advance(time.Second)
	h.out.frames = nil
	h.advance(4 * time.Second)
	h.wantCounters(Counters{Sent: 5, Retransmits: 4, Resets: 1, Timeouts: 4})
}

func TestRampOfConcurrency(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count, c.Ramp = 100, 0, time.Second
	h := start(t, c)
	for _, want := range []int{1, 26, 51, 76, 100, 100} {
		if got := h.InFlight(); got != want {
			t.Errorf("at %v %d are in flight, want %d", h.now, got, want)
		}
		h.advance(250 * time.Millisecond)
	}
}
