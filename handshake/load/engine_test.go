package load

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
)

func TestRepeatable(t *testing.T) {
	all := syns(t, many())
	if !slices.EqualFunc(all, syns(t, many()), bytes.Equal) {
		t.Error("two runs with one seed differ")
	}
	c := many()
	c.Seed++
	same := 0
	for i, frame := range syns(t, c) {
		if bytes.Equal(frame, all[i]) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("with another seed %d frames are the same", same)
	}
}

// Shares together are as many exchanges, from ports of their own.
func TestShares(t *testing.T) {
	ports := make(map[uint16]int)
	n := 0
	for share := range 3 {
		c := many()
		c.Share, c.Shares = share, 3
		for _, frame := range syns(t, c) {
			p, err := wire.ParseFrame(frame)
			if err != nil {
				t.Fatal(err)
			}
			n++
			if other, ok := ports[p.TCP.SrcPort]; ok && other != share {
				t.Fatalf("port %d is in share %d and %d", p.TCP.SrcPort, other, share)
			}
			ports[p.TCP.SrcPort] = share
		}
	}
	if n != 900 {
		t.Errorf("%d exchanges, want 900", n)
	}
}

// A closed loop does not go on for hours with a server that is silent.
func TestHopeless(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count = 4, 1000000
	h := start(t, c)
	for range 20 {
		h.advance(time.Second)
	}
	h.out.frames = nil
	h.wantCounters(Counters{Sent: 4, Retransmits: 8, Timeouts: 4})
}

// Nor with one that answered once, and not when one in two is silent, if there is a
// bound. An answer now and then is enough without.
func TestGoneSilent(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  func(n int) bool
		bound    uint64
		timeouts uint64 // 0 means that it goes on
	}{
		{"silent after 10", func(n int) bool { return n < 10 }, 0, 64},
		{"silent for 60 now and then", func(n int) bool { return n%61 == 0 }, 0, 0},
		{"every other one", func(n int) bool { return n%2 == 0 }, 100, 100},
		{"every other one, without bound", func(n int) bool { return n%2 == 0 }, 0, 0},
	} {
		c := small(Request)
		c.Concurrency, c.Count, c.MaxTimeouts = 1, 2000, test.bound
		h := start(t, c)
		for n := 0; !h.Done(); n++ {
			h.pop()
			if test.answers(n) {
				h.server("S. 0:0(0) ack 1 win 65535 <mss 1460,FO 01020304>")
				h.advance(0)
				h.out.frames = h.out.frames[1:] // the reset
				continue
			}
			h.out.frames = nil
			h.advance(5 * time.Second)
		}
		got := h.Counters()
		if gaveUp := test.timeouts > 0; gaveUp != h.GaveUp() || gaveUp && got.Timeouts != test.timeouts || !gaveUp && got.Sent != 2000 {
			t.Errorf("%s: gave up: %v, counted %+v", test.name, h.GaveUp(), got)
		}
	}
}
