package main

import (
	"context"
	"fmt"
)

func exchangesSubject() subject {
	s := subject{
		name:  "exchanges",
		about: "SYN with cookie and request, response, close by both sides, from 256 clients",
		figures: []figure{
			{"", "exchanges/s", 0}, {"server's CPU", "us each", 2}, {"accepted in SYN", "%", 1}, {"sent again", "per 1000", 2},
		},
	}
	for _, server := range []server{oursServer, kernelServer, statelessServer} {
		c := contender{name: server.name, measure: exchangesWith(server)}
		if server.name == oursServer.name {
			c.against = []string{kernelServer.name, statelessServer.name}
		}
		s.contenders = append(s.contenders, c)
	}
	return s
}

func exchangesWith(server server) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		s, err := t.open(ctx)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		if err := s.steerBoth(ctx); err != nil {
			return nil, err
		}
		d, err := server.start(ctx, s)
		if err != nil {
			return nil, err
		}
		defer d.kill()
		return s.exchanges(ctx, d)
	}
}

// exchanges loads the server at the host's own address.
func (s *scene) exchanges(ctx context.Context, d *daemon) ([]float64, error) {
	before, err := d.cpu()
	if err != nil {
		return nil, err
	}
	// The load asks for its cookies before its time begins, and ends if it finds no server.
	n, err := s.load(ctx, s.Server.Addr4, "-b", loadClients, "-t", fmt.Sprint(s.t.duration.Seconds()), "-w", fmt.Sprint(s.t.window))
	if err != nil {
		return nil, err
	}
	after, err := d.cpu()
	if err != nil {
		return nil, err
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	cpu := (after - before).Seconds() * 1e6 / n["done"]
	return []float64{n["rate"], cpu, 100 * n["accepted"] / n["started"], 1000 * n["resent"] / n["started"]}, nil
}
