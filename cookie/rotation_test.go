package cookie

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var testStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func wantKeys(t *testing.T, r *Keyring, what string, numbers ...int) {
	t.Helper()
	var want []Key
	for _, n := range numbers {
		want = append(want, numberedKey(n))
	}
	if got := r.Keys(); !slices.Equal(got, want) {
		t.Errorf("%s: got keys %s, want %s", what, FormatKeys(got), FormatKeys(want))
	}
}

// T-26 by the clock: the cookie of a key lives for its period and the next.
func TestRotationByTime(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(0))
	r.SetRotation(testStart, Rotation{Every: time.Hour})
	first := cookieOf(Linux, numberedKey(0))
	for _, step := range []struct {
		at   time.Duration
		due  bool
		want Verdict
	}{
		{0, false, Current},
		{time.Hour - 1, false, Current},
		{time.Hour, true, Older},
		{2*time.Hour - 1, false, Older},
		{2 * time.Hour, true, Invalid},
		{3 * time.Hour, true, Invalid},
	} {
		now := testStart.Add(step.at)
		if got := r.Due(now); got != step.due {
			t.Errorf("Due at %v: got %v, want %v", step.at, got, step.due)
		}
		if got := r.RotateAt(now, numberedKey(int(step.at/time.Hour))); got != step.due {
			t.Errorf("RotateAt %v: got %v, want %v", step.at, got, step.due)
		}
		wantVerdict(t, r, step.at.String(), first, step.want)
	}
}

// A ring whose owner slept does not take cookies that should have expired meanwhile.
func TestRotationLate(t *testing.T) {
	for _, tt := range []struct {
		late time.Duration // after the start
		keep int
		want []int
		next time.Duration
	}{
		{90 * time.Minute, 0, []int{9, 0}, 2 * time.Hour},
		{2*time.Hour - 1, 0, []int{9, 0}, 2 * time.Hour},
		{2 * time.Hour, 0, []int{9}, 3 * time.Hour},
		{150 * time.Minute, 2, []int{9, 0}, 3 * time.Hour},
		{1000 * time.Hour, 9, []int{9}, 1001 * time.Hour},
		{time.Hour, -1, []int{9}, 2 * time.Hour},
	} {
		r := NewKeyring(Linux, numberedKey(0))
		r.SetRotation(testStart, Rotation{Every: time.Hour, Keep: tt.keep})
		if !r.RotateAt(testStart.Add(tt.late), numberedKey(9)) {
			t.Errorf("RotateAt %v: got false, want true", tt.late)
		}
		wantKeys(t, r, tt.late.String(), tt.want...)
		if got, want := r.Deadline(), testStart.Add(tt.next); !got.Equal(want) {
			t.Errorf("Deadline after %v: got %v, want %v", tt.late, got, want)
		}
	}
}

func TestRotationByHandOnly(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(0))
	for _, p := range []Rotation{{}, {Every: -1}} {
		r.SetRotation(testStart, p)
		far := testStart.Add(1 << 60)
		if r.Due(far) || r.RotateAt(far, numberedKey(1)) || !r.Deadline().IsZero() {
			t.Errorf("%+v: got a rotation by time, want none", p)
		}
	}
	wantKeys(t, r, "untouched", 0)
	r.Rotate(numberedKey(1))
	wantKeys(t, r, "by hand", 1, 0)
}

func TestSetRotationTrims(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(0), numberedKey(1), numberedKey(2))
	r.SetRotation(testStart, Rotation{Keep: 1})
	wantKeys(t, r, "keep 1", 0, 1)
	r.SetRotation(testStart, Rotation{Keep: -1})
	wantKeys(t, r, "keep none", 0)
	r.Rotate(numberedKey(3))
	wantKeys(t, r, "keep none, rotated", 3)
	r.SetRotation(testStart, Rotation{Keep: 1000})
	for n := range 2 * MaxKeys {
		r.Rotate(numberedKey(n))
	}
	if got := len(r.Keys()); got != MaxKeys {
		t.Errorf("keep 1000: got %d keys, want %d", got, MaxKeys)
	}
}

func TestRotateAtOncePerPeriod(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(0))
	r.SetRotation(testStart, Rotation{Every: time.Hour})
	var rotated atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r.RotateAt(testStart.Add(time.Hour), numberedKey(1)) {
				rotated.Add(1)
			}
		})
	}
	wg.Wait()
	if got := rotated.Load(); got != 1 {
		t.Errorf("rotations: got %d, want 1", got)
	}
	wantKeys(t, r, "after", 1, 0)
}
