package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tfocraft/handshake/load"
	"tfocraft/wire/link"
)

// Run does what a Config describes until everything has begun and ended, or ctx is
// done. The figures are right also with an error. Sockets are opened in the network
// namespace of the calling thread.
func Run(ctx context.Context, c Config) (Figures, error) {
	r := &run{config: c, seen: make(map[string]bool)}
	defer r.close()
	if err := r.open(); err != nil {
		return newFigures(), err
	}
	if c.Opened != nil {
		c.Opened()
	}
	return r.run(ctx)
}

// A run is all that is open meanwhile.
type run struct {
	config  Config
	workers []*worker
	asked   *link.Packet // for questions of neighbours
	begun   time.Time

	mu      sync.Mutex
	seen    map[string]bool // warnings that were given
	latency load.Latency    // since the beginning
}

// receiveBuffer holds what comes while an engine is at work elsewhere.
const receiveBuffer = 64 << 20

func (r *run) open() error {
	shares := max(1, len(r.config.CPUs))
	for i := range shares {
		w, err := r.newWorker(i, shares)
		if err != nil {
			return err
		}
		r.workers = append(r.workers, w)
	}
	if !r.config.Neighbours {
		return nil
	}
	var err error
	r.asked, err = link.Open(r.config.Interface, &link.Config{Tap: true, Filter: &link.Filter{
		Prefixes: r.config.Load.Clients.Prefixes(), Ports: []link.PortRange{link.Port(0)}, Neighbours: true,
	}})
	return err
}

func (r *run) newWorker(i, shares int) (*worker, error) {
	c := r.config.Load
	c.Share, c.Shares = i, shares
	if jar, ok := c.Cookies.(*load.Jar); ok && shares > 1 {
		jar = jar.Clone()
		c.Cookies, c.Learn = jar, jar
	}
	engine, err := load.New(c)
	if err != nil {
		return nil, err
	}
	w := &worker{run: r, engine: engine, cpu: -1, figures: newFigures()}
	if len(r.config.CPUs) > 0 {
		w.cpu = r.config.CPUs[i]
	}
	return w, w.open(engine.Ports())
}

func (r *run) close() {
	for _, w := range r.workers {
		w.close()
	}
	if r.asked != nil {
		r.asked.Close()
	}
}

func (r *run) run(ctx context.Context) (Figures, error) {
	var helpers, workers sync.WaitGroup
	if r.asked != nil {
		helpers.Go(r.answer)
	}
	r.latency = load.NewLatency()
	r.begun = time.Now()
	for _, w := range r.workers {
		workers.Go(func() { w.work(ctx) })
	}
	over := make(chan struct{})
	helpers.Go(func() { r.report(over) })
	workers.Wait()
	close(over)
	if r.asked != nil {
		r.asked.Close()
	}
	helpers.Wait()
	return r.figures()
}

// figures adds up what the workers have.
func (r *run) figures() (Figures, error) {
	f := newFigures()
	var errs []error
	for _, w := range r.workers {
		w.finish()
		f.Add(w.figures.Counters)
		f.FirstByte.Take(w.figures.FirstByte)
		f.Latency.Take(w.figures.Latency)
		f.SendErrors += w.figures.SendErrors
		f.Received += w.figures.Received
		f.Dropped += w.figures.Dropped
		f.Elapsed = max(f.Elapsed, w.figures.Elapsed)
		f.Rated += w.figures.Rated
		f.RatedTime = max(f.RatedTime, w.figures.RatedTime)
		f.Method = w.figures.Method
		f.GaveUp = f.GaveUp || w.engine.GaveUp()
		if w.err != nil {
			errs = append(errs, w.err)
		}
	}
	f.Latency.Take(r.latency)
	return f, errors.Join(errs...)
}

// warn tells of a kind of trouble once.
func (r *run) warn(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := err.Error(); r.config.Warn != nil && !r.seen[text] && len(r.seen) < 10 {
		r.seen[text] = true
		r.config.Warn(err)
	}
}

// published is within what a worker at work has let others see its figures.
const published = 5 * time.Millisecond

// shortestSecond is a last part of a second in which, if nothing happened, there is
// nothing to tell.
const shortestSecond = time.Millisecond

// report tells each second how it goes, and in the end of the part of a second that is
// left.
func (r *run) report(over <-chan struct{}) {
	if r.config.Report == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := Second{}
	for working := true; working; {
		select {
		case <-over: // the workers' figures are those of the end
			working = false
		case <-tick.C:
			time.Sleep(published) // so that the workers' figures are those of the whole second
		}
		s := Second{Latency: load.NewLatency()}
		for _, w := range r.workers {
			w.addTo(&s)
		}
		if !working && s.At-last.At < shortestSecond && s.Total == last.Total {
			r.latency.Take(s.Latency)
			return
		}
		if s.At <= last.At { // they are all stuck
			s.At = time.Since(r.begun)
		}
		s.Counters, s.In = s.Total, s.At-last.At
		s.Sub(last.Total)
		last = s
		r.config.Report(s)
		r.latency.Take(s.Latency)
	}
}

// Write gives what would be sent to write, with the times that are planned, which
// begin at the zero of Unix time. Nothing is awaited. It needs no privilege.
func Write(ctx context.Context, c load.Config, write func(frame []byte, at time.Time) error) (Figures, error) {
	c.SynsOnly = true
	if c.Rate == 0 {
		c.Rate = 1e6 // a time for each
	}
	f := newFigures()
	f.Method = "file"
	e, err := load.New(c)
	if err != nil {
		return f, err
	}
	out := &fileOutput{buffer: make([]byte, len(c.Header)+ipHeadersLen+c.MSS+tagsLen), write: write}
	var now time.Duration
	for !e.Done() && out.err == nil && ctx.Err() == nil {
		now = e.Next(now)
		out.at = time.Unix(0, 0).Add(now)
		e.Advance(now, out, 1)
	}
	f.Counters, f.Elapsed = e.Counters(), now
	f.Rated, f.RatedTime = e.Rate(now)
	if out.err != nil {
		return f, fmt.Errorf("write: %w", out.err)
	}
	return f, nil
}

const (
	// ipHeadersLen is what IP and TCP take in front of a largest segment, and tagsLen is
	// what VLAN tags may.
	ipHeadersLen = 60
	tagsLen      = 8
)

type fileOutput struct {
	buffer []byte
	at     time.Time
	write  func(frame []byte, at time.Time) error
	err    error
}

// Buffer implements [load.Output].
func (f *fileOutput) Buffer() []byte { return f.buffer }

// Send implements [load.Output].
func (f *fileOutput) Send(frame []byte) {
	if f.err == nil {
		f.err = f.write(frame, f.at)
	}
}
