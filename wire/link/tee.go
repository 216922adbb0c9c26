package link

import (
	"errors"
	"fmt"
	"time"
)

// Tee returns a link that works like l and shows each frame to see: received
// ones with the kernel's time before ReadFrames returns them, sent ones once
// they are sent, with the time from before that. An unfinished TCP checksum is finished in what see gets. The
// frame is valid only during the call; see must do for being called by the
// reader and by writers at the same time.
//
// Closing the returned link closes l. Its SetFilter is that of l, or fails with
// [errors.ErrUnsupported] if l is no [FilterSetter].
func Tee(l Link, see func(frame []byte, at time.Time, outgoing bool)) Link {
	return &tee{Link: l, see: see}
}

type tee struct {
	Link
	see     func(frame []byte, at time.Time, outgoing bool)
	scratch []byte
}

var _ FilterSetter = (*tee)(nil)

func (t *tee) ReadFrames(batch []Frame) (int, error) {
	n, err := t.Link.ReadFrames(batch)
	for _, f := range batch[:n] {
		data := f.Data
		if f.Partial {
			t.scratch = Complete(t.scratch[:0], data)
			data = t.scratch
		}
		t.see(data, f.Time, f.Outgoing)
	}
	return n, err
}

func (t *tee) WriteFrames(batch [][]byte) (int, error) {
	// An answer can be here before the write returns, with the kernel's time.
	before := time.Now()
	n, err := t.Link.WriteFrames(batch)
	for _, frame := range batch[:n] {
		t.see(frame, before, true)
	}
	return n, err
}

func (t *tee) SetFilter(f *Filter) error {
	if s, ok := t.Link.(FilterSetter); ok {
		return s.SetFilter(f)
	}
	return fmt.Errorf("link: set filter: %w", errors.ErrUnsupported)
}
