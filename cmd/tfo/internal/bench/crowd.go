package main

import "context"

// fewOpen is what a crowd is compared with.
const fewOpen = 100

func crowdSubject() subject {
	few := "100 open"
	return subject{
		name:    "crowd",
		about:   "exchanges with a listener that has other connections open",
		figures: []figure{{"server's CPU", "us each", 2}, {"", "exchanges/s", 0}, {"open", "connections", 0}},
		contenders: []contender{
			{name: few, measure: func(ctx context.Context, t *traffic) ([]float64, error) {
				return crowded(ctx, t, min(fewOpen, t.crowd))
			}},
			{name: "crowd open", against: []string{few}, measure: func(ctx context.Context, t *traffic) ([]float64, error) {
				return crowded(ctx, t, t.crowd)
			}},
		},
	}
}

func crowded(ctx context.Context, t *traffic, open int) ([]float64, error) {
	return t.against(ctx, holdingServer(), func(s *scene, d *daemon) ([]float64, error) { return s.crowded(ctx, d, open) })
}

func (s *scene) crowded(ctx context.Context, d *daemon, open int) ([]float64, error) {
	t := s.t
	if err := s.hold(ctx, crowdClients, open, "-o"); err != nil {
		return nil, err
	}
	if err := d.collect(ctx); err != nil {
		return nil, err
	}
	t.settle()
	before, err := d.cpu()
	if err != nil {
		return nil, err
	}
	n, err := s.load(ctx, oursAddr(s.Server), t.exchangeFlags()...)
	if err != nil {
		return nil, err
	}
	after, err := d.cpu()
	if err != nil {
		return nil, err
	}
	figures, err := exchangeFigures(n, after-before)
	if err != nil {
		return nil, err
	}
	return []float64{figures[1], figures[0], float64(open)}, nil
}
