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
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures the subject that the first argument names, or without one bulk transfers.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		for _, s := range subjects() {
			if s.name == args[0] {
				return measureSubject(ctx, s, args[1:], stdout, stderr)
			}
		}
	}
	return measureBulk(ctx, args, stdout, stderr)
}
