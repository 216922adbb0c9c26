// Command bench measures ours beside its peers between two network namespaces, one and the other in turn, and prints a
// table: bulk transfers, and each of the subjects about Fast Open traffic. scripts/bench.sh builds the programs that it
// starts, and runs it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	code := exitCode(ctx, err)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(code)
}

// exitCode has 130 for a measurement that was to stop: it is what a shell has for an interrupt, and no failure.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	return 1
}

// run measures the subjects that the first arguments name, or without one bulk transfers.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var named []subject
	for ; len(args) > 0; args = args[1:] {
		all := subjects()
		i := slices.IndexFunc(all, func(s subject) bool { return s.name == args[0] })
		if i < 0 {
			break
		}
		named = append(named, all[i])
	}
	if named == nil {
		return measureBulk(ctx, args, stdout, stderr)
	}
	return measureSubjects(ctx, named, args, stdout, stderr)
}
