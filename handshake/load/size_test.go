package load

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestSizes(t *testing.T) {
	s, err := ParseSizes("64:7,512:2,1000-1399:1")
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[int]int)
	const n = 100000
	for i := range uint64(n) {
		switch size := s.pick(mix(1, i, saltSize)); {
		case size >= 1000 && size <= 1399:
			counts[1000]++
			counts[size/200*200+1]++ // halves of the range
		default:
			counts[size]++
		}
	}
	for size, share := range map[int]float64{64: .7, 512: .2, 1000: .1, 1001: .05, 1201: .05} {
		if got := float64(counts[size]) / n; math.Abs(got-share) > .01 {
			t.Errorf("%d bytes: %.3f of all, want %.2f", size, got, share)
		}
	}
	if s.Max() != 1399 {
		t.Errorf("at most %d", s.Max())
	}
	for _, text := range []string{"", "x", "-1", "9-1", "64:0", "64:x", "64:-1", "64:99999999", "2000000", "1,,2"} {
		if s, err := ParseSizes(text); !errors.Is(err, ErrSize) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func TestSchedule(t *testing.T) {
	s := schedule{rate: 1000}
	if got := s.at(500); got != 500*time.Millisecond {
		t.Errorf("without a ramp exchange 500 begins at %v", got)
	}
	s.ramp = 2 * time.Second // 1000 exchanges, the rate grows from 0
	for k, want := range map[uint64]time.Duration{0: 0, 250: time.Second, 1000: 2 * time.Second, 2000: 3 * time.Second} {
		if got := s.at(k).Round(time.Microsecond); got != want {
			t.Errorf("exchange %d begins at %v, want %v", k, got, want)
		}
	}
	for at, want := range map[time.Duration]uint64{0: 0, time.Second: 250, 2 * time.Second: 1000, 3 * time.Second: 2000} {
		if got := s.before(at); got != want {
			t.Errorf("%d begin before %v, want %d", got, at, want)
		}
	}
	s.rate = 0
	for at, want := range map[time.Duration]int{0: 1, time.Second: 33, 2 * time.Second: 64, time.Hour: 64} {
		if got := s.share(at, 64); got != want {
			t.Errorf("at %v %d may be in flight, want %d", at, got, want)
		}
	}
}
