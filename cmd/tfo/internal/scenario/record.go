package scenario

import (
	"context"
	"sync"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// An Event is what an audience is told of: a frame, or a note between frames.
type Event struct {
	Note  bilingual.Text
	Frame *Frame
	// At is the frame's time at the client's end. Line is nil for what is not TCP, and for a segment that is one of very many.
	At   time.Time
	Line *follow.Line
}

// A recorder takes the frames of a scene and follows their connections, from where the client is. It tells an audience
// from a goroutine of its own: one that is slow does not delay frames.
type recorder struct {
	tell func(Event)

	mu      sync.Mutex
	changed *sync.Cond
	queue   []Event
	closed  bool
	done    chan struct{}

	story  *follow.Follower
	frames []Frame
	shown  int // segments of connections with higher numbers are not told of; 0 tells of all
	hidden int // segments that were not told of
}

func newRecorder(tell func(Event)) *recorder {
	r := &recorder{tell: tell, story: follow.New(), done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.run()
	return r
}

// frame takes a frame, which belongs to the recorder from then on.
func (r *recorder) frame(f Frame) { r.put(Event{Frame: &f}) }

func (r *recorder) note(text bilingual.Text) { r.put(Event{Note: text}) }

func (r *recorder) put(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, e)
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
	for {
		e, ok := r.next()
		if !ok {
			return
		}
		if e.Frame != nil {
			r.follow(&e)
		}
		r.tell(e)
	}
}

func (r *recorder) next() (e Event, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.closed {
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
	var data []byte
	data, e.At = e.Frame.AtClient()
	p, err := wire.ParseFrame(data)
	if err != nil {
		return
	}
	line := r.story.Frame(e.At, &p)
	if r.shown > 0 && line.Connection > r.shown {
		r.hidden++
		return
	}
	e.Line = &line
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
