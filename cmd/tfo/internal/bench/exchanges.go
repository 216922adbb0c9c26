package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

func exchangesSubject() subject {
	s := subject{
		name:  "exchanges",
		about: "SYN with cookie and request, response, close by both sides, from 256 clients",
		figures: []figure{
			{"", "exchanges/s", 0}, {"server's CPU", "us each", 2}, {"accepted in SYN", "%", 1}, {"sent again", "per 1000", 2},
		},
	}
	for _, server := range []server{oursServer, earlyServer, kernelServer, statelessServer} {
		c := contender{name: server.name, measure: exchangesWith(server)}
		if server.name == oursServer.name || server.name == earlyServer.name {
			c.against = []string{kernelServer.name, statelessServer.name}
		}
		s.contenders = append(s.contenders, c)
	}
	// The load is measured, too: by the server that needs least.
	s.contenders = append(s.contenders, contender{
		name: "resp, asked by tfo load", against: []string{statelessServer.name},
		measure: exchangesBetween((*scene).tfoExchanges, statelessServer),
	})
	return s
}

func exchangesWith(server server) func(context.Context, *traffic) ([]float64, error) {
	return exchangesBetween((*scene).loadExchanges, server)
}

// exchangesBetween measures a load and a server.
func exchangesBetween(load func(*scene, context.Context) (numbers, error), server server) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		return t.against(ctx, server, func(s *scene, d *daemon) ([]float64, error) { return s.exchanges(ctx, load, d) })
	}
}

// against measures a server on two fresh hosts, each of which has its core.
func (t *traffic) against(ctx context.Context, server server, measure func(*scene, *daemon) ([]float64, error)) ([]float64, error) {
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
	return measure(s, d)
}

// exchanges loads the server at the host's own address. Cookies are learnt before the time begins, and a load ends with
// an error if it finds no server.
func (s *scene) exchanges(ctx context.Context, load func(*scene, context.Context) (numbers, error), d *daemon) ([]float64, error) {
	before, err := d.cpu()
	if err != nil {
		return nil, err
	}
	n, err := load(s, ctx)
	if err != nil {
		return nil, err
	}
	after, err := d.cpu()
	if err != nil {
		return nil, err
	}
	return exchangeFigures(n, after-before)
}

func exchangeFigures(n numbers, cpu time.Duration) ([]float64, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	values, err := n.get("started", "accepted", "done", "resent", "rate")
	if err != nil {
		return nil, err
	}
	started, accepted, done, resent, rate := values[0], values[1], values[2], values[3], values[4]
	return []float64{rate, cpu.Seconds() * 1e6 / done, 100 * accepted / started, 1000 * resent / started}, nil
}

func (s *scene) loadExchanges(ctx context.Context) (numbers, error) {
	return s.load(ctx, s.Server.Addr4, s.t.exchangeFlags()...)
}

// resendAfter is when a load sends again what goes unanswered. It is that of tfo load, and what Linux does.
const resendAfter = time.Second

// exchangeFlags have load.c make exchanges as tfo load does.
func (t *traffic) exchangeFlags() []string {
	return []string{"-b", loadClients, "-t", fmt.Sprint(t.duration.Seconds()), "-w", fmt.Sprint(t.window), "-R", fmt.Sprint(resendAfter.Milliseconds())}
}

// tfoExchanges makes the same exchanges by our own program.
func (s *scene) tfoExchanges(ctx context.Context) (numbers, error) {
	cmd := pinned(ctx, clientCore, s.t.program("tfo"), "load", s.serverAddress(), "-i", s.Client.Interface,
		"--clients", loadClients+"/24", "--concurrency", fmt.Sprint(s.t.window), "--duration", s.t.duration.String(), "--keep-open", "--json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := s.Client.Start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("tfo load: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return parseLoad(stdout.Bytes())
}

// parseLoad reads the last line of tfo load --json: our words for its figures are those of load.c.
func parseLoad(out []byte) (numbers, error) {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var line struct {
		Sent, Accepted, Completed, Resets, Timeouts, Aborted, Retransmits, Rate *float64

		SendErrors *float64 `json:"send_errors"`
	}
	if err := json.Unmarshal(lines[len(lines)-1], &line); err != nil {
		return nil, fmt.Errorf("tfo load: %w", err)
	}
	n := numbers{"wrong": 0} // it compares no responses
	for name, value := range map[string]*float64{
		"started": line.Sent, "accepted": line.Accepted, "done": line.Completed, "resets": line.Resets, "rate": line.Rate,
		"timeouts": line.Timeouts, "aborted": line.Aborted, "resent": line.Retransmits, "send_errors": line.SendErrors,
	} {
		if value == nil {
			return nil, fmt.Errorf("tfo load: there is no figure for %s in %s", name, lines[len(lines)-1])
		}
		n[name] = *value
	}
	n["failed"] = n["timeouts"] + n["aborted"]
	if n["send_errors"] > n["started"]/100 {
		return nil, fmt.Errorf("tfo load: %.0f frames were not sent, of %.0f exchanges", n["send_errors"], n["started"])
	}
	return n, nil
}
