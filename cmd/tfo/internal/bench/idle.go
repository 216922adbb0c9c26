package main

import (
	"context"
	"fmt"
	"time"
)

// settle leaves a server alone until it has done what is left to do.
func (t *traffic) settle() { time.Sleep(t.duration / 4) }

func idleSubject() subject {
	return subject{
		name:    "idle",
		about:   "resident memory of a listener's idle connections, after a collection and as it is",
		figures: []figure{{"after collection", "bytes/connection", 0}, {"as it is", "bytes/connection", 0}, {"", "connections", 0}},
		contenders: []contender{
			{name: "handshake only", measure: idle(nil, "-o")},
			{name: "after an exchange", measure: idle([]string{"-keep"}, "-l")},
		},
	}
}

// idle opens connections by a load with a flag to a server with flags, and looks at the server's memory.
func idle(serverFlags []string, loadFlag string) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		s, err := t.open(ctx)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		if err := s.steerBoth(ctx); err != nil {
			return nil, err
		}
		d, err := holdingServer(serverFlags...).start(ctx, s)
		if err != nil {
			return nil, err
		}
		defer d.kill()
		// What the program needs for its first connections is not theirs.
		if err := s.hold(ctx, loadClients, min(t.idle, 100), loadFlag); err != nil {
			return nil, err
		}
		if err := d.collect(ctx); err != nil {
			return nil, err
		}
		before, err := d.resident()
		if err != nil {
			return nil, err
		}
		if err := s.hold(ctx, crowdClients, t.idle, loadFlag); err != nil {
			return nil, err
		}
		t.settle()
		asItIs, err := d.resident()
		if err != nil {
			return nil, err
		}
		if err := d.collect(ctx); err != nil {
			return nil, err
		}
		after, err := d.resident()
		count := float64(t.idle)
		return []float64{(after - before) / count, (asItIs - before) / count, count}, err
	}
}

// hold opens connections to the holding server that stay open.
func (s *scene) hold(ctx context.Context, base string, count int, flag string) error {
	n, err := s.load(ctx, oursAddr(s.Server), "-b", base, "-k", "4096", "-n", fmt.Sprint(count), "-t", "60", "-w", "256", flag)
	if err == nil && n["done"] != float64(count) {
		err = fmt.Errorf("of %d connections %.0f were opened", count, n["done"])
	}
	return err
}

// collect has a holding server give back the memory that it does not need.
func (d *daemon) collect(ctx context.Context) error {
	if _, err := fmt.Fprintln(d.stdin, "collect"); err != nil {
		return err
	}
	return d.await(ctx)
}
