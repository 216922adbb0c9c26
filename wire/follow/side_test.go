package follow

import (
	"slices"
	"testing"

	"tfocraft/wire"
)

func TestSideAdd(t *testing.T) {
	var s side
	s.begin(0xfffffff0)
	for _, step := range []struct {
		from  int64
		n     int
		fresh int
		holes []span
	}{
		{1, 10, 10, nil},
		{1, 10, 0, nil},
		{5, 10, 4, nil},
		{20, 5, 5, []span{{15, 20}}},
		{40, 5, 5, []span{{15, 20}, {25, 40}}},
		{30, 5, 5, []span{{15, 20}, {25, 30}, {35, 40}}},
		{10, 17, 7, []span{{27, 30}, {35, 40}}},
		{1, 50, 14, nil},
	} {
		if got := s.add(step.from, step.n); got != step.fresh {
			t.Errorf("add(%d, %d): got %d new bytes, want %d", step.from, step.n, got, step.fresh)
		}
		if !slices.Equal(s.holes, step.holes) {
			t.Errorf("add(%d, %d): got holes %v, want %v", step.from, step.n, s.holes, step.holes)
		}
	}
	if got, want := s.bytes, uint64(50); got != want {
		t.Errorf("bytes: got %d, want %d", got, want)
	}
}

func TestSideHolesBounded(t *testing.T) {
	var s side
	s.begin(0)
	for i := range int64(1000) {
		s.add(2+2*i, 1)
	}
	s.add(3000, 1)
	for i := range int64(300) {
		s.add(2100+3*i, 1)
	}
	if got, want := len(s.holes), maxHoles; got > want {
		t.Errorf("got %d holes, want at most %d", got, want)
	}
}

// Offsets go on where sequence numbers wrap, several times over.
func TestSideOffsetWraps(t *testing.T) {
	var s side
	s.begin(0xffffff00)
	const step = 1 << 28
	for i := range int64(64) {
		want := 1 + i*step
		if got := s.offset(wire.Seq(0xffffff00).Add(1 + int(i%16)*step)); got != want {
			t.Fatalf("step %d: got offset %d, want %d", i, got, want)
		}
		s.add(want, step)
	}
	if got, want := s.bytes, uint64(64*step); got != want {
		t.Errorf("bytes: got %d, want %d", got, want)
	}
}
