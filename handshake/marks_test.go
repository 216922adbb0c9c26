package handshake

import (
	"testing"

	"tfocraft/wire"
)

// Marks in what is sent: where records end and urgent data does, as far as they are not
// acknowledged.
func TestMarks(t *testing.T) {
	const first = wire.Seq(1<<32 - 100) // it goes round
	k := &marks{ends: []wire.Seq{first.Add(50), first.Add(200)}, urgent: first.Add(120), urges: true}
	for _, test := range []struct {
		at, n        int
		within, last int
		pointer      uint16
	}{
		{0, 1000, 50, 1000, 120}, {49, 1000, 1, 1000, 71}, {50, 1000, 150, 1000, 70}, {119, 10, 10, 10, 1},
		{119, 100, 81, 69, 1}, {120, 10, 10, 10, 0}, {200, 10, 10, 10, 0}, {300, 1000, 1000, 100, 0},
	} {
		seq := first.Add(test.at)
		if got := k.within(seq, test.n); got != test.within {
			t.Errorf("%d bytes at %d: %d lie before the next end, want %d", test.n, test.at, got, test.within)
		}
		if got := k.last(seq, test.n); got != test.last {
			t.Errorf("%d bytes before %d: %d lie behind the last end, want %d", test.n, test.at, got, test.last)
		}
		if got := k.pointer(seq); got != test.pointer {
			t.Errorf("the pointer at %d: got %d, want %d", test.at, got, test.pointer)
		}
	}
	if k = k.after(first.Add(119)); !k.urging() || k.endsAt(first.Add(50)) || !k.endsAt(first.Add(200)) {
		t.Errorf("behind 119: got %+v", k)
	}
	if k = k.after(first.Add(120)); k.urging() {
		t.Errorf("urgent data that was acknowledged: got %+v", k)
	}
	if k = k.after(first.Add(200)); k != nil || k.urging() || k.endsAt(first) || k.within(first, 7) != 7 || k.last(first, 7) != 7 || k.pointer(first) != 0 {
		t.Errorf("behind all: got %+v, want none", k)
	}
}
