package link

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/wire"
)

// A fakeLink receives the same frames again and again.
type fakeLink struct {
	Link
	frames []Frame
	filter *Filter
}

func (l *fakeLink) ReadFrames(batch []Frame) (int, error) { return copy(batch, l.frames), nil }

func (l *fakeLink) SetFilter(f *Filter) error {
	l.filter = f
	return nil
}

func TestTee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(&PairConfig{Delay: time.Millisecond})
		start := time.Now()
		var seen []string
		tee := Tee(a, func(frame []byte, at time.Time, outgoing bool) {
			seen = append(seen, fmt.Sprint(string(frame[14:]), at.Sub(start), outgoing))
		})
		send(t, tee, "ping")
		send(t, b, "pong")
		equal(t, payloads(t, tee), "pong")
		tooLong := make([]byte, 2000)
		tee.WriteFrames([][]byte{textFrame("sent"), tooLong})
		equal(t, seen, "ping0s true", "pong1ms false", "sent1ms true")
		if err := tee.(FilterSetter).SetFilter(nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("filter: got %v, want %v", err, errors.ErrUnsupported)
		}
	})
}

func TestTeeCompletes(t *testing.T) {
	partial := packetFrame(client4, server4, func(*wire.Packet) {})
	partial[50], partial[51] = 1, 2 // the checksum
	inner := &fakeLink{frames: []Frame{{Data: partial, Partial: true}, {Data: partial}}}
	var right []bool
	tee := Tee(inner, func(frame []byte, _ time.Time, _ bool) { right = append(right, finished(frame[14:])) })
	batch := make([]Frame, 2)
	if _, err := tee.ReadFrames(batch); err != nil {
		t.Fatal(err)
	}
	if len(right) != 2 || !right[0] || right[1] {
		t.Errorf("finished: got %v, want [true false]", right)
	}
	if finished(batch[0].Data[14:]) {
		t.Error("the reader's frame was changed")
	}
	if err := tee.(FilterSetter).SetFilter(&Filter{}); err != nil || inner.filter == nil {
		t.Errorf("filter: got %v, %v, want it handed on", inner.filter, err)
	}
}
