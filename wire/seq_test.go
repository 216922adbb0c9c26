package wire_test

import (
	"math"
	"testing"

	"tfocraft/wire"
)

func TestSeqOrder(t *testing.T) {
	for _, test := range []struct {
		a, b         wire.Seq
		diff         int
		less, lessEq bool
	}{
		{5, 5, 0, false, true},
		{5, 6, -1, true, true},
		{6, 5, 1, false, false},
		{math.MaxUint32, 0, -1, true, true},
		{0, math.MaxUint32, 1, false, false},
		{0xfffffff0, 0x10, -0x20, true, true},
		{0, 1<<31 - 1, -(1<<31 - 1), true, true},
		{1<<31 - 1, 0, 1<<31 - 1, false, false},
	} {
		if got := test.a.Diff(test.b); got != test.diff {
			t.Errorf("%d.Diff(%d): got %d, want %d", test.a, test.b, got, test.diff)
		}
		if got := test.a.Less(test.b); got != test.less {
			t.Errorf("%d.Less(%d): got %v, want %v", test.a, test.b, got, test.less)
		}
		if got := test.a.LessEq(test.b); got != test.lessEq {
			t.Errorf("%d.LessEq(%d): got %v, want %v", test.a, test.b, got, test.lessEq)
		}
	}
}

func TestSeqAdd(t *testing.T) {
	for _, test := range []struct {
		s    wire.Seq
		n    int
		want wire.Seq
	}{
		{0, 1, 1},
		{math.MaxUint32, 1, 0},
		{0xfffffff0, 0x20, 0x10},
		{0, -1, math.MaxUint32},
		{7, 0, 7},
	} {
		if got := test.s.Add(test.n); got != test.want {
			t.Errorf("%d.Add(%d): got %d, want %d", test.s, test.n, got, test.want)
		}
	}
}

func TestSeqIn(t *testing.T) {
	for _, test := range []struct {
		s, start wire.Seq
		n        int
		want     bool
	}{
		{10, 10, 0, false},
		{10, 10, 1, true},
		{11, 10, 1, false},
		{9, 10, 100, false},
		{math.MaxUint32, math.MaxUint32 - 1, 3, true},
		{0, math.MaxUint32 - 1, 3, true},
		{1, math.MaxUint32 - 1, 3, false},
		{1<<31 + 8, 10, math.MaxInt32, true}, // a window of half the space
		{1<<31 + 9, 10, math.MaxInt32, false},
	} {
		if got := test.s.In(test.start, test.n); got != test.want {
			t.Errorf("%d.In(%d, %d): got %v, want %v", test.s, test.start, test.n, got, test.want)
		}
	}
}
