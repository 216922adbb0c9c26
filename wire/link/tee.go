package link

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Tee returns a link that works like l and shows each frame to see: received
// ones with the kernel's time before ReadFrames returns them, sent ones once
// they are sent, with the time from before that. An unfinished TCP checksum is finished in what see gets. The
// frame is valid only during the call; see must do for being called by the
// reader and by writers at the same time.
//
// What WriteSegments sends is shown as it leaves this program, as on a host
// whose device cuts: one frame for each [Outgoing], however long, with its TCP
// checksum finished.
//
// Closing the returned link closes l. It is a [FilterSetter] and an [Offloader]
// as far as l is: otherwise SetFilter and WriteSegments fail with
// [errors.ErrUnsupported], and MaxPayload is 0.
func Tee(l Link, see func(frame []byte, at time.Time, outgoing bool)) Link {
	t := &tee{Link: l, see: see}
	if p, ok := l.(Poller); ok {
		return &pollingTee{t, p}
	}
	return t
}

// A pollingTee is the tee of a Poller.
type pollingTee struct {
	*tee
	Poller
}

// Poll implements [Poller].
func (t *pollingTee) Poll(batch []Frame) (int, error) {
	n, err := t.Poller.Poll(batch)
	t.show(batch[:n])
	return n, err
}

type tee struct {
	Link
	see     func(frame []byte, at time.Time, outgoing bool)
	scratch []byte // of the reader

	writing sync.Mutex
	whole   []byte // of the writers
}

var (
	_ FilterSetter = (*tee)(nil)
	_ Offloader    = (*tee)(nil)
)

func (t *tee) ReadFrames(batch []Frame) (int, error) {
	n, err := t.Link.ReadFrames(batch)
	t.show(batch[:n])
	return n, err
}

// show shows what was received.
func (t *tee) show(batch []Frame) {
	for _, f := range batch {
		data := f.Data
		if f.Partial {
			t.scratch = Complete(t.scratch[:0], data)
			data = t.scratch
		}
		t.see(data, f.Time, f.Outgoing)
	}
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

func (t *tee) WriteSegments(batch []Outgoing) (int, error) {
	o, ok := t.Link.(Offloader)
	if !ok {
		return 0, fmt.Errorf("link: segmentation offload: %w", errors.ErrUnsupported)
	}
	before := time.Now()
	n, err := o.WriteSegments(batch)
	t.writing.Lock()
	defer t.writing.Unlock()
	for i := range batch[:n] {
		t.whole = batch[i].appendWhole(t.whole[:0])
		t.see(t.whole, before, true)
	}
	return n, err
}

func (t *tee) MaxPayload() int {
	if o, ok := t.Link.(Offloader); ok {
		return o.MaxPayload()
	}
	return 0
}

func (t *tee) SetFilter(f *Filter) error {
	if s, ok := t.Link.(FilterSetter); ok {
		return s.SetFilter(f)
	}
	return fmt.Errorf("link: set filter: %w", errors.ErrUnsupported)
}
