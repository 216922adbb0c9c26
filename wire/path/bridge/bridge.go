// Package bridge joins links by an emulated path (package path), as a wire
// between hosts would: what comes in at one goes out at the other, later,
// twice, changed, or not at all.
//
// Links to the kernel have to be taps ([link.Config]), for the frames are addressed
// to the host at the other end, and the senders beyond them must not leave
// segmentation to their device (package offload). The bridge finishes TCP
// checksums that a sender has left to its device.
//
// Frames are timed from when the kernel has received them, and go out within
// some hundred microseconds of their time on an idle machine. Between
// in-memory links only the timers of package time are used, so that a bridge in a
// testing/synctest bubble is exact.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"tfocraft/wire/link"
	"tfocraft/wire/path"
)

// Counters count frames of one way since [Join].
type Counters struct {
	path.Counters
	Unsent uint64 // delivered, but refused by the link, for instance as too long for it
}

// A Bridge moves frames between links until it is closed, its context ends,
// or a link fails.
type Bridge struct {
	ports   []*port
	running sync.WaitGroup
	forget  func() bool // the context
	exact   bool        // some links are the kernel's, and so is the time

	mu      sync.Mutex // guards the path, and Unsent of the ports
	path    *path.Path
	last    time.Time     // that was given to it
	earlier chan struct{} // the first frame under way arrives earlier than it did

	delivering sync.Mutex // is held while frames that the path has lent are written

	ending sync.Once
	ended  chan struct{}
	err    error // why, set before ended is closed
}

// Join starts a bridge between two links. They belong to it from then on, and are
// closed with it. It fails, and leaves them alone, if the configuration does not
// hold. A nil cfg means all defaults. Its Observer is called with the bridge locked: it must not call the bridge, and
// the frames wait for it.
func Join(ctx context.Context, near, far link.Link, cfg *path.Config) (*Bridge, error) {
	return JoinHosts(ctx, near, []link.Link{far}, cfg)
}

// JoinHosts is [Join] with several hosts at the far end, as many as [path.Config.FarHosts].
func JoinHosts(ctx context.Context, near link.Link, far []link.Link, cfg *path.Config) (*Bridge, error) {
	hosts := 1
	if cfg != nil {
		hosts = max(cfg.FarHosts, 1)
	}
	if hosts != len(far) {
		return nil, fmt.Errorf("bridge: %d links for %d hosts at the far end", len(far), hosts)
	}
	p, err := path.New(cfg)
	if err != nil {
		return nil, err
	}
	br := &Bridge{path: p, earlier: make(chan struct{}, 1), ended: make(chan struct{})}
	for i, l := range append([]link.Link{near}, far...) {
		_, fromKernel := l.(*link.Packet)
		br.exact = br.exact || fromKernel
		br.ports = append(br.ports, &port{link: l, place: path.Near + path.Place(i)})
	}
	for _, p := range br.ports {
		br.running.Go(func() { br.end(br.read(p)) })
	}
	br.running.Go(func() { br.end(br.await()) })
	br.forget = context.AfterFunc(ctx, func() { br.end(context.Cause(ctx)) })
	return br, nil
}

// end stops everything; the first reason counts.
func (br *Bridge) end(why error) {
	br.ending.Do(func() {
		br.err = why
		close(br.ended)
		for _, p := range br.ports {
			p.link.Close()
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

// Close ends the bridge and closes its links; frames under way are lost, which the observer is told. A second
// Close does nothing.
func (br *Bridge) Close() error {
	br.end(nil)
	br.running.Wait()
	br.forget()
	br.mu.Lock()
	defer br.mu.Unlock()
	br.path.GiveUp(time.Now())
	return nil
}

// Counters returns the counters of the ways from the first link to the others and
// back.
func (br *Bridge) Counters() (forward, backward Counters) {
	br.mu.Lock()
	defer br.mu.Unlock()
	forward.Counters, backward.Counters = br.path.Counters()
	backward.Unsent = br.ports[0].unsent
	for _, p := range br.ports[1:] {
		forward.Unsent += p.unsent
	}
	return forward, backward
}

// fatal reports whether a link that has failed with err fails from now on.
func fatal(err error) bool { return errors.Is(err, net.ErrClosed) || errors.Is(err, link.ErrGone) }
