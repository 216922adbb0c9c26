package main

import (
	"errors"
	"fmt"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1 // the exchange or the check failed
	exitUsage   = 2 // the command line is wrong
	exitMissing = 3 // a privilege or a tool is missing
)

// errSilent fails a command whose output says everything already.
var errSilent = errors.New("failed")

// A failure is an error with its exit code and, if there is one, a hint on
// lines of its own.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usagef is an error in what the user asked for.
func usagef(format string, args ...any) error {
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = plain(err)
		}
	}
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// withHint adds a hint to an error.
func withHint(err error, format string, args ...any) error {
	f := *classify(err)
	f.hint = fmt.Sprintf(format, args...)
	return &f
}

// missing are the errors that a privilege or a tool would cure.
var missing = []error{link.ErrPrivilege, link.ErrXDPPrivilege, iptables.ErrPrivilege, iptables.ErrNoBackend, lab.ErrForbidden, errors.ErrUnsupported}

// classify finds the exit code of an error, and the words for people.
func classify(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return &failure{code: f.code, err: plain(err), hint: f.hint}
	}
	text, cure := words(err)
	f := &failure{code: exitFailed, err: &plainError{err, text}, hint: cure}
	for _, m := range missing {
		if errors.Is(err, m) {
			f.code = exitMissing
		}
	}
	return f
}
