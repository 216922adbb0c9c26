package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// run executes one command line and returns its exit code. Results go to
// stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	f := classify(err)
	if !started(err) {
		f.code = exitUsage
		if f.hint == "" {
			f.hint = fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
		}
	}
	// What was printed already says that it failed; a second line would not help.
	if !errors.Is(err, errSilent) {
		complain(stderr, "%v", f.err)
	}
	for line := range strings.Lines(f.hint) {
		fmt.Fprintf(stderr, "     %s\n", strings.TrimSuffix(line, "\n"))
	}
	return f.code
}

// complain writes one line that is no result.
func complain(stderr io.Writer, format string, args ...any) {
	fmt.Fprintf(stderr, "tfo: "+format+"\n", args...)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tfo",
		Short: "TCP Fast Open (RFC 7413) in userspace",
		Long: `tfo speaks TCP Fast Open (RFC 7413) from userspace, on raw sockets: it asks for
cookies, sends data in the SYN, serves it, and shows every segment on the way.

Begin with "tfo lab": a first and a second connection between two hosts that
exist only while it runs. It needs no root.

Exit codes: 0 done, 1 the exchange or the check failed, 2 wrong command line,
3 a privilege or a tool is missing.`,
		Example: `  tfo lab                                   the whole story on this machine
  tfo listen :8080 --reply 'Hello, Client'  a server
  tfo connect 192.0.2.2:8080 -d 'Hello'     a client; run it twice
  tfo craft 'S 0:5(5) <mss 1460,FO 0102030405060708>' -d hello
  tfo explain story.pcapng`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	// Without this cobra would give it the letter v, which means verbose here.
	root.Flags().Bool("version", false, "print the version")
	groupOf(root, newLab(), newListen(), newConnect(), newLoad(), newCraft(), newExplain(), newDump(), newDrill(), newCookie(), newGuard(), newDoctor())
	return root
}

// action wraps what a command does, so that its errors can be told from those
// of the command line.
func action(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := do(cmd, args); err != nil {
			return &actionError{err}
		}
		return nil
	}
}

// An actionError comes from a command that was started.
type actionError struct{ err error }

func (e *actionError) Error() string { return e.err.Error() }
func (e *actionError) Unwrap() error { return e.err }

// started reports whether an error comes from a command that was started.
func started(err error) bool {
	_, ok := errors.AsType[*actionError](err)
	return ok
}
