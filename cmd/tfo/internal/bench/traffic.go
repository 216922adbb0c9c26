package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// traffic is what the measurements of all subjects have in common.
type traffic struct {
	programs string // directory of the programs that are measured
	root     string // directory of the module, for Go's benchmarks
	runs     int
	only     *regexp.Regexp // which contenders
	json     bool
	stderr   io.Writer

	duration    time.Duration // of what goes on for a while
	window      int           // exchanges at a time
	connections int           // one after the other
	idle        int           // connections that do nothing
	crowd       int           // connections that are open besides
	rate        int           // honest exchanges a second in a flood
}

// The namespaces' cores: clients on one, server on the other.
const (
	clientCore = 0
	serverCore = 1
)

// timeout bounds one measurement beyond the time that it is to take.
const timeout = time.Minute

func (t *traffic) flags(stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&t.programs, "programs", "", "directory with tfo, peer and the sticks")
	f.StringVar(&t.root, "root", ".", "directory of the module")
	f.IntVar(&t.runs, "n", 5, "measurements of each contender")
	f.Func("only", "measure only contenders whose name matches `REGEXP`", func(text string) (err error) {
		t.only, err = regexp.Compile(text)
		return err
	})
	f.BoolVar(&t.json, "json", false, "print one JSON object for each figure instead of a table")
	f.DurationVar(&t.duration, "time", 2*time.Second, "how long each measurement takes")
	f.IntVar(&t.window, "window", 128, "exchanges at a time")
	f.IntVar(&t.connections, "connections", 3000, "connections one after the other, of a measurement of latency")
	f.IntVar(&t.idle, "idle", 100_000, "idle connections")
	f.IntVar(&t.crowd, "crowd", 200_000, "connections that are open beside those that are measured")
	f.IntVar(&t.rate, "rate", 1000, "honest exchanges a second in a flood")
	return f
}

func (t *traffic) check() error {
	for name, n := range map[string]int{
		"n": t.runs, "window": t.window, "connections": t.connections, "idle": t.idle, "crowd": t.crowd, "rate": t.rate,
	} {
		if n < 1 {
			return fmt.Errorf("-%s: %d is not a number of them", name, n)
		}
	}
	if t.duration <= 0 {
		return fmt.Errorf("-time: %v is no time", t.duration)
	}
	return nil
}

func (t *traffic) program(name string) string { return filepath.Join(t.programs, name) }

// measureSubjects takes the flags behind the names of subjects. One that fails does not keep the next ones from being
// measured.
func measureSubjects(ctx context.Context, named []subject, args []string, stdout, stderr io.Writer) error {
	t := &traffic{stderr: stderr}
	f := t.flags(stderr)
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("cannot make sense of %q", strings.Join(f.Args(), " "))
	}
	if err := t.check(); err != nil {
		return err
	}
	chosen := t.choose(named)
	if len(chosen) == 0 {
		return fmt.Errorf("-only: no contender matches %q", t.only)
	}
	var failed []error
	for _, s := range chosen {
		if err := t.subject(ctx, s, stdout); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// choose leaves the contenders that are asked for, and the subjects that have one.
func (t *traffic) choose(named []subject) (chosen []subject) {
	for _, s := range named {
		s.contenders = slices.DeleteFunc(slices.Clone(s.contenders), func(c contender) bool { return t.only != nil && !t.only.MatchString(c.name) })
		if len(s.contenders) > 0 {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// subject measures one, and prints what there is of it.
func (t *traffic) subject(ctx context.Context, s subject, stdout io.Writer) error {
	all := t.rounds(ctx, s)
	err := ctx.Err()
	if t.json {
		return errors.Join(err, printJSON(stdout, s, all), resultFailures(all))
	}
	return errors.Join(err, printResults(stdout, s, all), resultFailures(all))
}

// rounds measures every contender once a round, so that what else the machine does falls on all of them alike.
func (t *traffic) rounds(ctx context.Context, s subject) []result {
	all := make([]result, len(s.contenders))
	for i, c := range s.contenders {
		all[i].contender = c
		if c.missing != nil {
			all[i].missing = c.missing(ctx, t)
		}
		if all[i].missing != "" {
			fmt.Fprintf(t.stderr, "%s: not there: %s\n", c.name, all[i].missing)
		}
	}
	for round := range t.runs {
		for i := range all {
			if all[i].missing == "" && ctx.Err() == nil {
				t.once(ctx, s, &all[i], round)
			}
		}
	}
	return all
}

// once makes one measurement.
func (t *traffic) once(ctx context.Context, s subject, r *result, round int) {
	bounded, cancel := context.WithTimeout(ctx, t.duration+timeout)
	defer cancel()
	values, err := r.measure(bounded, t)
	if err == nil {
		err = s.checkFigures(values)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(t.stderr, "round %d, %s: %v\n", round+1, r.name, err)
		r.failed++
	default:
		r.samples = append(r.samples, values)
		fmt.Fprintf(t.stderr, "round %d, %s:", round+1, r.name)
		for i, f := range s.figures {
			fmt.Fprintf(t.stderr, " %.*f %s", f.digits, values[i], f.unit)
		}
		fmt.Fprintln(t.stderr)
	}
}
