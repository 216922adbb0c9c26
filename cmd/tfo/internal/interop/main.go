// Command interop lets other people's programs talk to tfo, each pair in network
// namespaces of its own, and judges from a capture what became of Fast Open.
// scripts/interop.sh installs the programs and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// Exit codes, as those of tfo.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitMissing = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what the command line asks for.
type options struct {
	tfo      string // the program under test
	only     string
	list     bool
	packages bool
	form     string // "table", "markdown" or "json"
	pcap     string // directory for the captures; "" keeps none
	jobs     int
}

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("interop", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.tfo, "tfo", "tfo", "the tfo `PROGRAM` under test")
	f.StringVar(&o.only, "only", "", "run the cases called `NAME` alone")
	f.BoolVar(&o.list, "list", false, "list the cases and run none")
	f.BoolVar(&o.packages, "packages", false, "list the Debian packages that the cases need and run none")
	markdown := f.Bool("markdown", false, "print the page docs/interop.md")
	json := f.Bool("json", false, "print one JSON object for each case and family")
	f.StringVar(&o.pcap, "pcap", "", "keep the captures in `DIR`")
	f.IntVar(&o.jobs, "jobs", 4, "run `N` cases at a time")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.form = "table"
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.jobs < 1:
		return o, fmt.Errorf("-jobs: %d is not a number of cases", o.jobs)
	case *markdown && *json:
		return o, fmt.Errorf("-markdown and -json exclude each other")
	case *markdown:
		o.form = "markdown"
	case *json:
		o.form = "json"
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if err == flag.ErrHelp {
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(stderr, "interop: %v\n", err)
		return exitUsage
	}
	chosen := slices.DeleteFunc(allCases(), func(c testCase) bool { return o.only != "" && c.name != o.only })
	switch {
	case len(chosen) == 0:
		fmt.Fprintf(stderr, "interop: no case is called %q; -list shows them\n", o.only)
		return exitUsage
	case o.packages:
		if !o.list { // which runs nothing
			printPackages(stdout, chosen)
		}
		return exitDone
	case o.list:
		printCases(stdout, chosen)
		return exitDone
	}
	rows, err := runMatrix(ctx, o, chosen)
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "interop: interrupted")
		return exitFailed
	}
	if err != nil {
		fmt.Fprintf(stderr, "interop: %v\n", err)
		return exitMissing
	}
	if err := report(stdout, o.form, rows); err != nil {
		fmt.Fprintf(stderr, "interop: %v\n", err)
		return exitFailed
	}
	if complain(stderr, rows) > 0 {
		return exitFailed
	}
	return exitDone
}
