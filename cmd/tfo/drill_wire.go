package main

import (
	"context"
	"errors"
	"os"
	"time"

	"tfocraft/handshake/drill"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// A drillWire is the network between a script and a live host. It lasts for one
// script, which begins when it is made.
type drillWire struct {
	ctx   context.Context
	host  *liveHost
	start time.Time
	stop  func() bool // must be called at the end
	batch [16]link.Frame
}

var _ drill.Network = (*drillWire)(nil)

func newDrillWire(ctx context.Context, host *liveHost) *drillWire {
	w := &drillWire{ctx: ctx, host: host, start: time.Now()}
	w.stop = context.AfterFunc(ctx, func() { host.link.SetReadDeadline(longAgo) })
	return w
}

func (w *drillWire) Elapsed() time.Duration { return time.Since(w.start) }

func (w *drillWire) Send(ip []byte) error {
	_, err := w.host.link.WriteFrames([][]byte{append(w.host.hop.Header[:len(w.host.hop.Header):len(w.host.hop.Header)], ip...)})
	return err
}

// Receive implements [drill.Network].
func (w *drillWire) Receive(until time.Duration, take func(at time.Duration, ip []byte)) error {
	// A deadline that has passed would not even show what is there.
	deadline := w.start.Add(max(until, w.Elapsed()+time.Millisecond))
	if err := w.host.link.SetReadDeadline(deadline); err != nil {
		return err
	}
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	n, err := w.host.link.ReadFrames(w.batch[:])
	switch {
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return err
	}
	for i := range w.batch[:n] {
		if f := &w.batch[i]; sound(f) {
			_, ip, _ := wire.ParseEthernet(f.Data)
			take(f.Time.Sub(w.start), ip)
		}
	}
	return nil
}

// sound reports whether a frame may be looked at: as everywhere, a segment with a
// wrong checksum is none.
func sound(f *link.Frame) bool {
	if !f.NeedsVerify() {
		return true
	}
	p, err := wire.ParseFrame(f.Data)
	return err != nil || p.ChecksumsOK() // ICMP is checked where it is read
}
