// Package bridge joins two links by an emulated path (package path), as a wire
// between two hosts would: what comes in at one goes out at the other, later,
// twice, damaged, or not at all.
//
// Links to the kernel have to be taps ([link.Config]), for the frames are addressed
// to the host at the other end, and the senders beyond them must not leave
// segmentation to their device (package offload). The bridge finishes TCP
// checksums that a sender has left to its device.
//
// Frames are timed from when the kernel has received them, and go out within
// some hundred microseconds of their time on an idle machine. Between two
// in-memory links only the timers of package time are used, so that a bridge in a
// testing/synctest bubble is exact.
package bridge

import (
	"context"
	"errors"
	"net"
	"sync"

	"tfocraft/wire/link"
	"tfocraft/wire/path"
)

// Config describes both ways of the path. A nil Config means all defaults.
type Config struct {
	// Seed is what everything random follows from.
	Seed uint64
	// Forward is the way from the first link to the second, Backward the other.
	Forward, Backward path.Config
}

// Both returns the configuration of a path that is the same both ways, each with
// random numbers of its own.
func Both(seed uint64, way path.Config) *Config {
	return &Config{Seed: seed, Forward: way, Backward: way}
}

// Counters count frames of one way since [Join].
type Counters struct {
	path.Counters
	Unsent uint64 // delivered, but refused by the link, for instance as too long for it
}

// A Bridge moves frames between two links until it is closed, its context ends,
// or a link fails.
type Bridge struct {
	ways    [2]*way
	links   [2]link.Link
	running sync.WaitGroup
	forget  func() bool // the context

	ending sync.Once
	ended  chan struct{}
	err    error // why, set before ended is closed
}

// Join starts a bridge between two links. They belong to it from then on, and are
// closed with it. It fails, and leaves them alone, if the configuration does not
// hold.
func Join(ctx context.Context, a, b link.Link, cfg *Config) (*Bridge, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	forward, err := path.NewDirection(&cfg.Forward, cfg.Seed, 0)
	if err != nil {
		return nil, err
	}
	backward, err := path.NewDirection(&cfg.Backward, cfg.Seed, 1)
	if err != nil {
		return nil, err
	}
	br := &Bridge{links: [2]link.Link{a, b}, ended: make(chan struct{})}
	br.ways = [2]*way{newWay(a, b, forward), newWay(b, a, backward)}
	for _, w := range br.ways {
		br.running.Go(func() { br.end(w.read()) })
		br.running.Go(func() { br.end(w.deliver(br.ended)) })
	}
	br.forget = context.AfterFunc(ctx, func() { br.end(context.Cause(ctx)) })
	return br, nil
}

// end stops everything; the first reason counts.
func (br *Bridge) end(why error) {
	br.ending.Do(func() {
		br.err = why
		close(br.ended)
		for _, l := range br.links {
			l.Close()
		}
	})
}

// Wait blocks until the bridge has ended and returns why: nil after Close, the
// context's cause, or the error of a link.
func (br *Bridge) Wait() error {
	<-br.ended
	br.running.Wait()
	return br.err
}

// Close ends the bridge and closes its links; frames under way are lost. A second
// Close does nothing.
func (br *Bridge) Close() error {
	br.end(nil)
	br.running.Wait()
	br.forget()
	return nil
}

// Counters returns the counters of the ways from the first link to the second and
// back.
func (br *Bridge) Counters() (forward, backward Counters) {
	return br.ways[0].count(), br.ways[1].count()
}

// fatal reports whether a link that has failed with err fails from now on.
func fatal(err error) bool { return errors.Is(err, net.ErrClosed) || errors.Is(err, link.ErrGone) }
