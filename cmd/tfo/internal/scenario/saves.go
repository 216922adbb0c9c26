package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

// A SavesConfig says where it is measured what Fast Open saves.
type SavesConfig struct {
	// Stacks are whose TCP both sides have, one after the other, and RTTs the round-trip times of the path.
	Stacks []Side
	RTTs   []time.Duration
	// Path is what else the path is like. Its delays do not count.
	Path path.Config
	IPv6 bool
	// Runs is how many exchanges of each kind there are at least.
	Runs int
	// Done is told of each of these exchanges, from any goroutine; nil tells nobody.
	Done func()
}

// Saves measures, by stack and then by round-trip time. Errors are as those of [Scenario.Run].
func Saves(ctx context.Context, cfg SavesConfig) ([]Measurement, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all []Measurement
	for _, stack := range cfg.Stacks {
		for _, rtt := range cfg.RTTs {
			all = append(all, Measurement{Stack: stack, RTT: rtt})
		}
	}
	take := func(m *Measurement) {
		if err := m.take(ctx, &cfg); err != nil {
			cancel(err)
		}
	}
	// Long paths leave the machine idle most of the time, and there a millisecond matters little: they are measured at once.
	var long sync.WaitGroup
	for i := range all {
		if all[i].isLong() {
			long.Go(func() { take(&all[i]) })
		}
	}
	long.Wait()
	for i := range all {
		if !all[i].isLong() {
			take(&all[i])
		}
	}
	return all, context.Cause(ctx)
}

func (m *Measurement) isLong() bool { return share(m.RTT, savesTolerance) >= time.Millisecond }

// take makes the measurement between two hosts of its own.
func (m *Measurement) take(ctx context.Context, cfg *SavesConfig) error {
	sc := &Scenario{Name: "saves", Sides: []Sides{{m.Stack, m.Stack}}, play: func(s *Scene) { m.play(s, cfg) }}
	_, err := sc.Run(ctx, Config{Sides: sc.Sides[0], IPv6: cfg.IPv6, Path: Over(cfg.Path, m.RTT), Tell: func(Event) {}})
	if err != nil {
		return fmt.Errorf("%s, RTT %v: %w", m.Stack, m.RTT, err)
	}
	return nil
}

// savesRounds is how many times as many exchanges as were asked for are made at most.
const savesRounds = 4

// play makes exchanges of both kinds in turn, so that what else the machine does befalls both. What disturbs half of them
// disturbs the medians: as long as these are not as expected, though Fast Open works, there are more exchanges.
func (m *Measurement) play(s *Scene, cfg *SavesConfig) {
	server := s.Serve(ServerConfig{})
	plain, fast := s.Dial(ClientConfig{NoFastOpen: true}), s.Dial(ClientConfig{})
	fast.Ask(server) // brings the cookie
	var plains, fasts []timing
	for range savesRounds {
		for range cfg.Runs {
			plains, fasts = append(plains, plain.timed(server)), append(fasts, fast.timed(server))
			if s.over() {
				return
			}
			if m.Runs++; cfg.Done != nil && m.Runs <= cfg.Runs {
				cfg.Done()
			}
		}
		m.Trip = median(slices.Concat(plains, fasts), func(t timing) time.Duration { return t.trip })
		m.Plain, m.AppPlain = medians(plains)
		m.FastOpen, m.AppFastOpen = medians(fasts)
		if !m.isJudged() || m.asExpected() || !slices.ContainsFunc(fasts, func(t timing) bool { return t.accepted }) {
			return
		}
	}
}

// A timing is what one exchange took: on the path, and for the applications.
type timing struct {
	trip        time.Duration // from the SYN to the SYN-ACK
	onPath, app Wait
	accepted    bool // the server has taken the data of the SYN
}

func median(of []timing, time func(timing) time.Duration) time.Duration {
	sorted := slices.SortedFunc(slices.Values(of), func(a, b timing) int { return cmp.Compare(time(a), time(b)) })
	n := len(sorted)
	return (time(sorted[(n-1)/2]) + time(sorted[n/2])) / 2
}

func medians(of []timing) (onPath, app Wait) {
	onPath.Request = median(of, func(t timing) time.Duration { return t.onPath.Request })
	onPath.Response = median(of, func(t timing) time.Duration { return t.onPath.Response })
	app.Request = median(of, func(t timing) time.Duration { return t.app.Request })
	app.Response = median(of, func(t timing) time.Duration { return t.app.Response })
	return onPath, app
}

// timed is Ask, and returns how long it took.
func (c *Client) timed(server *Server) timing {
	s, x := c.scene, c.Ask(server)
	if s.over() {
		return timing{}
	}
	t := s.record.timing(x.Asked)
	switch {
	case x.Err != nil:
		s.fail(x.Err)
	case t.trip == 0 || t.onPath.Request == 0 || t.onPath.Response == 0:
		s.fail(errors.New("an exchange was not seen from its SYN to its response"))
	}
	t.accepted = x.FastOpen == follow.Accepted
	t.app = Wait{server.Heard().Sub(x.Asked), x.Answered.Sub(x.Asked)}
	return t
}

// timing times the exchange since some time on the path, of which there is only one. What was not seen is 0.
func (r *recorder) timing(since time.Time) (t timing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var syn time.Time
	for i := range r.frames {
		f := &r.frames[i]
		if syn.IsZero() {
			if sent, err := wire.ParseFrame(f.Sent); err != nil || f.From != path.Near || !sent.TCP.Flags.Has(wire.SYN) || f.Departed.Before(since) {
				continue
			}
			syn = f.Departed
		}
		if got, err := wire.ParseFrame(f.Got); err == nil && f.Fate == path.Arrived {
			t.arrived(f.Ended.Sub(syn), f.To, &got.TCP)
		}
	}
	return t
}

// arrived takes what has come to an end of the path so long after the SYN's departure.
func (t *timing) arrived(took time.Duration, at path.Place, s *wire.Segment) {
	atClient := at == path.Near
	if atClient && s.Flags.Has(wire.SYN) && t.trip == 0 {
		t.trip = took
	}
	switch {
	case len(s.Payload) == 0:
	case atClient && t.onPath.Response == 0:
		t.onPath.Response = took
	case !atClient && t.onPath.Request == 0:
		t.onPath.Request = took
	}
}
