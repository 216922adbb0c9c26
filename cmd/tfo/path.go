package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/wire/path"
)

// pathFlags say what the path between two hosts of a lab is like. All but the round-trip time and the seed may differ in the
// two directions: "FORWARD/BACKWARD", where forward is from the client to the server.
type pathFlags struct {
	rtt                                         time.Duration
	jitter, loss, reorder, duplicate, rate, mtu string
	seed                                        uint64
	middleboxes                                 []string
}

func (p *pathFlags) add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&p.rtt, "rtt", 0, "round-trip `TIME` of the path, such as 50ms (default: the scenario's, mostly 20ms)")
	p.addOthers(cmd)
}

// addOthers adds the flags for everything but the round-trip time.
func (p *pathFlags) addOthers(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.jitter, "jitter", "", "up to this much `TIME` more for each frame, without reordering")
	f.StringVar(&p.loss, "loss", "", "`SHARE` of frames that are lost: 2% or 0.02; 2%/0 loses them on the way to the server only")
	f.StringVar(&p.reorder, "reorder", "", "`SHARE` of frames that others overtake")
	f.StringVar(&p.duplicate, "dup", "", "`SHARE` of frames that arrive twice")
	f.StringVar(&p.rate, "rate", "", "what the bottleneck carries, as a `RATE` in bits a second: 512k, 10M, 1G")
	f.StringVar(&p.mtu, "mtu", "", "longest IP packet in `BYTES`; the sender of a longer one is told by ICMP")
	f.Uint64Var(&p.seed, "seed", 1, "what everything random on the path follows from, a `NUMBER`")
	f.StringSliceVar(&p.middleboxes, "middlebox", nil, "a box in the path, by `NAME`; several with commas, the client's first; empty for none (docs/path.md has them all)")
	var names []string
	for _, m := range path.Middleboxes() {
		names = append(names, strings.TrimSuffix(m.Name, "N"))
	}
	choices(cmd, "middlebox", names...)
}

// over puts the flags that were given in the place of what a path is otherwise. Errors are of usage.
func (p *pathFlags) over(cfg path.Config, changed func(name string) bool) (path.Config, error) {
	if p.rtt < 0 {
		return cfg, usagef("--rtt: %v is less than nothing", p.rtt)
	}
	if changed("rtt") {
		cfg = scenario.Over(cfg, p.rtt)
	}
	if changed("seed") {
		cfg.Seed = p.seed
	}
	if changed("middlebox") {
		boxes, err := path.ParseMiddleboxes(strings.Join(p.middleboxes, ","))
		if err != nil {
			return cfg, usagef("--middlebox: %w", err)
		}
		cfg.Middleboxes = boxes
	}
	if err := p.ways(&cfg); err != nil {
		return cfg, err
	}
	if err := cfg.Check(); err != nil {
		return cfg, usagef("%w", err)
	}
	return cfg, nil
}

// ways sets what may differ in the two directions.
func (p *pathFlags) ways(cfg *path.Config) error {
	for _, flag := range []struct {
		name, value string
		set         func(w *path.Way, value string) error
	}{
		{"--jitter", p.jitter, func(w *path.Way, v string) (err error) { w.Jitter, err = time.ParseDuration(v); return err }},
		{"--loss", p.loss, func(w *path.Way, v string) (err error) { w.Loss, err = parseShare(v); return err }},
		{"--reorder", p.reorder, func(w *path.Way, v string) (err error) { w.Reorder, err = parseShare(v); return err }},
		{"--dup", p.duplicate, func(w *path.Way, v string) (err error) { w.Duplicate, err = parseShare(v); return err }},
		{"--rate", p.rate, func(w *path.Way, v string) (err error) { w.Rate, err = parseRate(v); return err }},
		{"--mtu", p.mtu, func(w *path.Way, v string) (err error) { w.MTU, err = strconv.Atoi(v); return err }},
	} {
		if flag.value == "" {
			continue
		}
		forward, backward, two := strings.Cut(flag.value, "/")
		if !two {
			backward = forward
		}
		for way, value := range map[*path.Way]string{&cfg.Forward: forward, &cfg.Backward: backward} {
			if err := flag.set(way, value); err != nil {
				return usagef("%s: %w", flag.name, err)
			}
		}
	}
	return nil
}

// parseShare reads "2%" or "0.02".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("%q is no share such as 2%% or 0.02", text)
	}
	return share, nil
}

// parseRate reads bits a second, with k, M or G for thousands of them, and returns bytes a second.
func parseRate(text string) (int, error) {
	scale := 1.0
	number := text
	for suffix, s := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if n, ok := strings.CutSuffix(text, suffix); ok {
			number, scale = n, s
		}
	}
	bits, err := strconv.ParseFloat(number, 64)
	if rate := bits * scale / 8; err == nil && rate >= 1 && rate <= math.MaxInt32*100 {
		return int(rate), nil
	}
	return 0, fmt.Errorf("%q is no rate in bits a second such as 512k, 10M or 1G", text)
}
