package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// measureBulk takes the flags that scripts/bench.sh gives for bulk and gvisor.
func measureBulk(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := bench{stderr: stderr}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&b.peer, "peer", "", "the program with tfocraft's and the kernel's stack")
	f.StringVar(&b.gvisor, "gvisor", "", "the program with gVisor's stack")
	f.Int64Var(&b.bytes, "bytes", 1e9, "bytes of a transfer")
	f.IntVar(&b.mtu, "mtu", 1500, "MTU in bytes")
	f.DurationVar(&b.timeout, "timeout", time.Minute, "how long a transfer may take")
	runs := f.Int("n", 5, "transfers of each pair")
	configs := f.Bool("configs", false, "compare the configurations of gVisor's stack instead")
	var chosen []string
	f.Func("config", "a configuration to compare, as flags of the gvisor program; may be given again (default a list)", func(flags string) error {
		chosen = append(chosen, flags)
		return nil
	})
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || *runs < 1 || b.bytes < 1 {
		return fmt.Errorf("cannot make sense of %q", strings.Join(args, " "))
	}
	pairs := bulkPairs()
	if *configs {
		pairs = configPairs(gvisorConfigs)
	}
	if *configs && chosen != nil {
		pairs = configPairs(chosen)
	}
	all := b.rounds(ctx, pairs, *runs)
	fmt.Fprintf(stdout, "transfers of each pair in turn, %d bytes each, MTU %d; medians\n", b.bytes, b.mtu)
	printTable(stdout, all)
	if err := ctx.Err(); err != nil {
		return err
	}
	return failures(all)
}

// rounds measures every pair once a round, so that what else the machine does falls on all of them alike.
func (b *bench) rounds(ctx context.Context, pairs []pair, runs int) []series {
	all := make([]series, len(pairs))
	for i, p := range pairs {
		all[i].pair = p
	}
	for round := range runs {
		for i := range all {
			s, err := b.measure(ctx, all[i].pair)
			if ctx.Err() != nil {
				return all
			}
			if err != nil {
				fmt.Fprintf(b.stderr, "round %d, %s: %v\n", round+1, all[i].name(), err)
				all[i].failed++
				continue
			}
			all[i].samples = append(all[i].samples, s)
			fmt.Fprintf(b.stderr, "round %d, %s: %.0f MB/s\n", round+1, all[i].name(), s.rate)
		}
	}
	return all
}
