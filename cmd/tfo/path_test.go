package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/wire/path"
)

// parsePath returns what flags make of a path with one middlebox, and the same flags again.
func parsePath(args ...string) (cfg path.Config, again []string, err error) {
	var p pathFlags
	cmd := &cobra.Command{}
	p.add(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		return cfg, nil, err
	}
	base := path.Way{Delay: 10 * time.Millisecond, TooBig: path.TooBigICMP}
	cfg, err = p.over(*path.Both(1, base, path.Middlebox{Name: "drop-option"}), cmd.Flags().Changed)
	return cfg, changed(cmd.Flags()), err
}

func TestPathFlags(t *testing.T) {
	way := path.Way{Delay: 25 * time.Millisecond, TooBig: path.TooBigICMP}
	edit := func(change func(w *path.Way)) path.Way {
		w := way
		change(&w)
		return w
	}
	box := path.Middlebox{Name: "drop-option"}
	for _, c := range []struct {
		args []string
		want *path.Config
	}{
		{nil, path.Both(1, edit(func(w *path.Way) { w.Delay = 10 * time.Millisecond }), box)},
		{[]string{"--rtt", "50ms"}, path.Both(1, way, box)},
		{[]string{"--rtt", "50ms", "--middlebox", ""}, &path.Config{Seed: 1, Forward: way, Backward: way}},
		{[]string{"--rtt", "50ms", "--seed", "7", "--middlebox", "strip-option,clamp-mss=1200"}, path.Both(7, way,
			path.Middlebox{Name: "strip-option"}, path.Middlebox{Name: "clamp-mss", N: 1200})},
		{[]string{"--rtt", "50ms", "--loss", "2%", "--reorder", "0.5", "--dup", "100%", "--jitter", "3ms"},
			path.Both(1, edit(func(w *path.Way) { w.Loss, w.Reorder, w.Duplicate, w.Jitter = 0.02, 0.5, 1, 3*time.Millisecond }), box)},
		{[]string{"--rtt", "50ms", "--rate", "10M/512k", "--mtu", "1500/1280"}, &path.Config{Seed: 1, Middleboxes: []path.Middlebox{box},
			Forward:  edit(func(w *path.Way) { w.Rate, w.MTU = 1_250_000, 1500 }),
			Backward: edit(func(w *path.Way) { w.Rate, w.MTU = 64_000, 1280 })}},
	} {
		got, args, err := parsePath(c.args...)
		if err != nil || !reflect.DeepEqual(got, *c.want) {
			t.Errorf("%q: got %+v, %v, want %+v", c.args, got, err, *c.want)
			continue
		}
		if again, _, err := parsePath(args...); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q: args come to %+v, %v", args, again, err)
		}
	}
}

func TestBadPathFlags(t *testing.T) {
	for _, args := range [][]string{
		{"--rtt", "-1s"}, {"--loss", "101%"}, {"--loss", "much"}, {"--loss", "1%/2%/3%"}, {"--rate", "0"}, {"--rate", "1X"}, {"--mtu", "20"},
		{"--mtu", "x"}, {"--jitter", "5"}, {"--dup", "NaN"}, {"--middlebox", "wall"}, {"--middlebox", "drop-option=3"},
	} {
		if cfg, _, err := parsePath(args...); err == nil {
			t.Errorf("%q: got %+v, want an error", args, cfg)
		}
	}
}
