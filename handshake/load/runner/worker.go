package runner

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"tfocraft/handshake/load"
	"tfocraft/wire/link"
)

const (
	// batch is how many frames come at a time, and how many exchanges begin between two
	// looks at what has come.
	batch = 64
	// deafBatch is the same where nothing comes.
	deafBatch = 256
	// spin is how long an engine looks for frames before it sleeps until there are
	// some: what comes soon is the usual case under load, and waking up takes longer.
	spin = 100 * time.Microsecond
	// publishEvery is how often others see the figures of an engine.
	publishEvery = 100 * time.Millisecond
	// lingerTime is how long answers are counted after the last SYN.
	lingerTime = 300 * time.Millisecond
	// longestWait lets an engine see that it is to stop.
	longestWait = 100 * time.Millisecond
	// shortestSleep is below what the runtime's timers can do.
	shortestSleep = 2 * time.Millisecond
)

// A worker is an engine with its link and its thread.
type worker struct {
	run    *run
	engine *load.Engine
	cpu    int // -1 for any
	out    output
	packet *link.Packet // nil if deaf and nobody captures
	link   link.Link    // to read from; nil if deaf
	frames [batch]link.Frame
	read   int // frames that the last wait has brought
	active time.Duration
	err    error

	mu        sync.Mutex
	figures   Figures // what others see
	recent    load.Latency
	published time.Duration
}

// open opens what the worker sends and receives by.
func (w *worker) open(ports load.Ports) (err error) {
	c := &w.run.config
	w.recent = load.NewLatency()
	w.out.worker = w
	if !c.Deaf || c.Capture != nil {
		filter := &link.Filter{Prefixes: c.Load.Clients.Prefixes(), Ports: []link.PortRange{{First: ports.First, Last: ports.Last}}}
		if w.packet, err = link.Open(c.Interface, &link.Config{Filter: filter, ReceiveBuffer: receiveBuffer}); err != nil {
			return err
		}
		w.link = w.packet
	}
	if c.Capture != nil {
		w.link = link.Tee(w.packet, c.Capture)
		w.out.blaster = link.NewBlaster(w.link, nil)
	} else if w.out.blaster, err = link.OpenBlaster(c.Interface, &link.BlasterConfig{Method: c.Method}); err != nil {
		return err
	}
	if c.Deaf {
		w.link = nil
	}
	w.figures.Method = w.out.blaster.Method().String()
	return nil
}

func (w *worker) close() {
	if w.out.blaster != nil {
		w.out.blaster.Close()
	}
	if w.packet != nil {
		w.packet.Close()
	}
}

func (w *worker) now() time.Duration { return time.Since(w.run.begun) }

// work is the loop of one engine.
func (w *worker) work(ctx context.Context) {
	// The thread keeps its processor and its timers, and ends with the goroutine.
	runtime.LockOSThread()
	w.fail(settle(w.cpu))
	budget := batch
	if w.link == nil {
		budget = deafBatch
	}
	for !w.engine.Done() && w.err == nil {
		now := w.now()
		if ctx.Err() != nil {
			break
		}
		came := w.receive(now)
		w.engine.Settle(now, &w.out)
		began := w.engine.Advance(now, &w.out, budget)
		w.out.flush()
		w.publish(now, publishEvery)
		if came > 0 || began > 0 {
			w.active = now
			continue
		}
		if !w.engine.Done() {
			w.wait(now)
		}
	}
	w.linger(ctx)
	now := w.now()
	w.engine.Abort(now, &w.out)
	w.out.flush()
	w.publish(now, 0)
}

// linger counts the answers to the last SYNs of a mode that does not wait for them.
func (w *worker) linger(ctx context.Context) {
	if w.link == nil || w.run.config.Load.Mode != load.Syn {
		return
	}
	for end := w.now() + lingerTime; w.err == nil && ctx.Err() == nil; {
		now := w.now()
		if now >= end {
			return
		}
		if w.receive(now) == 0 {
			w.await(max(end-now, shortestSleep))
		}
	}
}

// receive gives the engine what has come.
func (w *worker) receive(now time.Duration) int {
	if w.link == nil {
		return 0
	}
	n := w.read
	w.read = 0
	if n == 0 {
		var err error
		if n, err = w.link.(link.Poller).Poll(w.frames[:]); err != nil {
			w.fail(err)
			return 0
		}
	}
	for i := range w.frames[:n] {
		f := &w.frames[i]
		w.engine.Input(now, f.Time.Sub(w.run.begun), f.Data, f.NeedsVerify())
	}
	return n
}

// wait waits until there is something to do, or a frame comes.
func (w *worker) wait(now time.Duration) {
	next := w.engine.Next(now)
	due := min(next-now, longestWait)
	switch {
	case due <= 0:
	case w.link == nil:
		nap(due)
	case now-w.active < spin:
	case due < shortestSleep:
		// The last moments before something is planned: often enough for what comes.
		nap(min(due, spin/4))
	default:
		w.await(due)
	}
}

// await sleeps until a frame comes.
func (w *worker) await(due time.Duration) {
	if err := w.link.SetReadDeadline(time.Now().Add(due - shortestSleep/2)); err != nil {
		w.fail(err)
		return
	}
	n, err := w.link.ReadFrames(w.frames[:])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.fail(err)
	}
	w.read = n
}

// fail ends the work.
func (w *worker) fail(err error) {
	if w.err == nil && err != nil && !errors.Is(err, net.ErrClosed) {
		w.err = err
	}
}

// publish lets others see the figures, at most once in a period.
func (w *worker) publish(now, every time.Duration) {
	if every > 0 && now/every == w.published/every {
		return
	}
	w.published = now
	w.mu.Lock()
	defer w.mu.Unlock()
	w.figures.Counters, w.figures.InFlight = w.engine.Counters(), w.engine.InFlight()
	w.figures.SendErrors, w.figures.Elapsed = w.out.errors, now
	w.figures.Rated, w.figures.RatedTime = w.engine.Rate(now)
	w.engine.TakeLatency(w.figures.FirstByte, w.recent)
}

// addTo adds the figures to those of a second.
func (w *worker) addTo(s *Second) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Total.Add(w.figures.Counters)
	s.InFlight += w.figures.InFlight
	s.SendErrors += w.figures.SendErrors
	s.At = max(s.At, w.figures.Elapsed)
	s.Latency.Take(w.recent)
}

// finish takes what is left once the work is over.
func (w *worker) finish() {
	w.figures.Latency.Take(w.recent)
	if w.packet != nil {
		// Without them the figures are those that there are.
		stats, _ := w.packet.Stats()
		w.figures.Received, w.figures.Dropped = stats.Received, stats.Dropped
	}
}

// An output collects frames and sends them together.
type output struct {
	worker  *worker
	blaster link.Blaster
	buffers [][]byte
	n       int
	errors  uint64
}

// Buffer implements [load.Output].
func (o *output) Buffer() []byte {
	if o.n == len(o.buffers) {
		o.flush()
		o.buffers = o.blaster.Buffers(deafBatch)
	}
	if o.n == len(o.buffers) { // it is closed
		return make([]byte, math.MaxUint16)
	}
	return o.buffers[o.n]
}

// Send implements [load.Output].
func (o *output) Send(frame []byte) {
	if o.n < len(o.buffers) {
		o.buffers[o.n] = frame
		o.n++
	}
}

// flush sends what there is. What cannot be sent is lost, as on a wire.
func (o *output) flush() {
	if o.n == 0 {
		return
	}
	sent, err := o.blaster.Send(o.buffers[:o.n])
	o.errors += uint64(o.n - sent)
	o.n, o.buffers = 0, nil
	switch {
	case err == nil:
	case errors.Is(err, link.ErrGone):
		o.worker.fail(err)
	case !errors.Is(err, net.ErrClosed):
		o.worker.run.warn(err)
	}
}
