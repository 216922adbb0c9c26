package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

func floodSubject() subject {
	return subject{
		name:  "flood",
		about: "honest exchanges while SYNs with wrong cookies come from 65,536 addresses at full rate",
		figures: []figure{
			{"succeeded", "%", 2}, {"median", "us", 0}, {"median without flood", "us", 0}, {"median", "x without flood", 2}, {"p99", "us", 0},
			{"resident before", "MiB", 1}, {"resident after", "MiB", 1}, {"flood", "frames/s", 0},
		},
		contenders: []contender{
			{name: oursServer.name, against: []string{kernelServer.name}, measure: flooded(oursServer)},
			{name: earlyServer.name, against: []string{kernelServer.name}, measure: flooded(earlyServer)},
			{name: kernelServer.name, measure: flooded(kernelServer)},
		},
	}
}

func flooded(server server) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		return t.against(ctx, server, func(s *scene, d *daemon) ([]float64, error) { return s.flooded(ctx, d) })
	}
}

const mebibyte = 1 << 20

func (s *scene) flooded(ctx context.Context, d *daemon) ([]float64, error) {
	load, err := s.startHonest(ctx)
	if err != nil {
		return nil, err
	}
	calm, err := load.honest(ctx)
	if err != nil {
		return nil, err
	}
	if err := calm.check(); err != nil {
		return nil, fmt.Errorf("without flood: %w", err)
	}
	before, err := d.resident()
	if err != nil {
		return nil, err
	}
	// The honest have their cookies before the flood begins.
	if load, err = s.startHonest(ctx); err != nil {
		return nil, err
	}
	defer load.kill()
	flood := pinned(ctx, clientCore, "nice", "-n", "19", s.t.program("flood"), s.Client.Interface, s.Server.MAC.String(),
		s.Server.Addr4.String(), fmt.Sprint(port), floodClients, "65536", fmt.Sprint((2*timeout + s.t.duration).Seconds()))
	f, err := startDaemon(ctx, s.Client, flood, "", true)
	if err != nil {
		return nil, err
	}
	defer f.kill()
	time.Sleep(warmUp)
	frames, began, err := sent(s.Client)
	if err != nil {
		return nil, err
	}
	n, err := load.honest(ctx)
	if err != nil {
		return nil, err
	}
	more, ended, err := sent(s.Client)
	if err != nil {
		return nil, err
	}
	after, err := d.resident()
	if err != nil {
		return nil, err
	}
	if err := f.running(); err != nil {
		return nil, err
	}
	figures, err := floodFigures(calm, n)
	if err != nil {
		return nil, err
	}
	rate := float64(more-frames) / ended.Sub(began).Seconds()
	return append(figures, before/mebibyte, after/mebibyte, rate), nil
}

// floodFigures are those of the exchanges, without and with the flood. There is no median if no response came.
func floodFigures(calm, flooded numbers) ([]float64, error) {
	c, err := calm.get("p50_us")
	if err != nil {
		return nil, fmt.Errorf("without flood: %w", err)
	}
	n, err := flooded.get("started", "responses", "wrong", "p50_us", "p99_us")
	if err != nil {
		return nil, fmt.Errorf("in the flood: %w", err)
	}
	started, responses, wrong, median, p99 := n[0], n[1], n[2], n[3], n[4]
	if wrong > 0 {
		return nil, fmt.Errorf("%.0f responses were wrong", wrong)
	}
	return []float64{100 * responses / started, median, c[0], median / c[0], p99}, nil
}

// startHonest gets the honest clients their cookies. They go before the flood on the same core.
func (s *scene) startHonest(ctx context.Context) (*daemon, error) {
	cmd := pinned(ctx, clientCore, s.t.program("load"), s.loadFlags(s.Server.Addr4,
		"-b", loadClients, "-t", fmt.Sprint(s.t.duration.Seconds()), "-r", fmt.Sprint(s.t.rate), "-g", "-f")...)
	return startDaemon(ctx, s.Client, cmd, "ready", false)
}

// honest makes exchanges at the honest rate.
func (d *daemon) honest(ctx context.Context) (numbers, error) {
	if _, err := fmt.Fprintln(d.stdin, "go"); err != nil {
		return nil, err
	}
	select {
	case <-d.ended:
	case <-ctx.Done():
		d.kill()
		return nil, ctx.Err()
	}
	if d.err != nil {
		return nil, fmt.Errorf("load: %w: %s", d.err, d.said)
	}
	return parseNumbers(strings.TrimPrefix(d.said.String(), "ready"))
}
