package scenario

import (
	"context"
	"slices"
	"sync"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/link"
	"tfocraft/wire/path"
)

// An Event is what an audience is told of: a frame, or a note between frames.
type Event struct {
	Note  bilingual.Text
	Frame *Frame
	// Line is what there is to say of the frame as the client's end of the path has it. It is nil for what is not TCP, for
	// what only the server's end has, and for segments of which there are very many.
	Line *follow.Line

	at time.Time
}

// A recorder takes the frames of a scene and follows their connections, from where the client is. It tells an audience
// from a goroutine of its own: one that is slow does not delay frames.
type recorder struct {
	tell    func(Event)
	latency time.Duration // after which no earlier event comes any more

	mu      sync.Mutex
	changed *sync.Cond
	queue   []Event // the earliest first
	closed  bool
	done    chan struct{}

	story  *follow.Follower
	frames []Frame
	told   []Frame // those that are not hidden
	said   []said
	mute   link.PortRange // of clients whose segments are not told of
	hidden int            // how many these were
}

func newRecorder(tell func(Event), latency time.Duration) *recorder {
	r := &recorder{tell: tell, latency: latency, story: follow.New(), done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.run()
	return r
}

// passage takes a frame of the path.
func (r *recorder) passage(p path.Passage) {
	f := newFrame(p)
	r.put(Event{Frame: &f, at: f.order()})
}

func (r *recorder) note(text bilingual.Text) { r.put(Event{Note: text, at: time.Now()}) }

func (r *recorder) put(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := len(r.queue)
	for i > 0 && e.at.Before(r.queue[i-1].at) {
		i--
	}
	r.queue = slices.Insert(r.queue, i, e)
	r.changed.Broadcast()
}

// close ends the recorder when everything was told.
func (r *recorder) close() {
	r.mu.Lock()
	r.closed = true
	r.changed.Broadcast()
	r.mu.Unlock()
	<-r.done
}

func (r *recorder) run() {
	defer close(r.done)
	wake := time.AfterFunc(time.Hour, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer wake.Stop()
	for {
		e, ok := r.next(wake)
		if !ok {
			return
		}
		if e.Frame != nil {
			r.follow(&e)
		} else {
			r.said = append(r.said, said{e.at, e.Note})
		}
		r.tell(e)
	}
}

// next waits until no event can come any more that is earlier than the first one, and takes that.
func (r *recorder) next(wake *time.Timer) (e Event, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed {
		if len(r.queue) > 0 {
			early := time.Until(r.queue[0].at.Add(r.latency))
			if early <= 0 {
				break
			}
			wake.Reset(early)
		}
		r.changed.Wait()
	}
	if len(r.queue) == 0 {
		return e, false
	}
	e, r.queue = r.queue[0], r.queue[1:]
	return e, true
}

// follow finds out what a frame is.
func (r *recorder) follow(e *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.changed.Broadcast()
	r.frames = append(r.frames, *e.Frame)
	data, _ := e.Frame.AtClient()
	never := data == nil
	if never {
		data = e.Frame.Sent
	}
	p, err := wire.ParseFrame(data)
	switch {
	case err != nil:
		r.followError(e, data)
	case r.mutes(p.Src().Port()), r.mutes(p.Dst().Port()):
		r.hidden++
		return
	case !never || r.concerns(e.Frame, &p):
		line := r.story.See(sighting(e), &p)
		e.Line = &line
	}
	r.told = append(r.told, *e.Frame)
}

// followError takes a frame that is no segment. It may be an ICMP error about one.
func (r *recorder) followError(e *Event, data []byte) {
	if problem, err := wire.ParseICMPFrame(data); err == nil {
		r.story.ICMP(sighting(e), &problem)
	}
}

func sighting(e *Event) follow.Sighting {
	return follow.Sighting{At: e.at, Arrived: e.Frame.Ended, Number: int(e.Frame.Number), Lost: e.Frame.unheard()}
}

// concerns reports whether a segment that never came to the client's end was meant for a connection that is known there, and
// with the same addresses.
func (r *recorder) concerns(f *Frame, p *wire.Packet) bool {
	if f.FromClient() || f.Fate == path.TakenByBox {
		return false
	}
	return slices.ContainsFunc(r.story.Connections(), func(c follow.Connection) bool {
		return c.Server == p.Src() && c.Client == p.Dst()
	})
}

func (r *recorder) mutes(port uint16) bool {
	return port >= r.mute.First && port <= r.mute.Last && port != 0
}

// hide keeps the segments of clients with certain ports from the audience.
func (r *recorder) hide(first, last uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mute = link.PortRange{First: first, Last: last}
}

// connections returns what is known of the connections so far.
func (r *recorder) connections() []follow.Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.story.Connections()
}

// await waits until something holds of the connections, or the context ends. It reports whether it holds.
func (r *recorder) await(ctx context.Context, holds func([]follow.Connection) bool) bool {
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !holds(r.story.Connections()) {
		if ctx.Err() != nil {
			return false
		}
		r.changed.Wait()
	}
	return true
}
