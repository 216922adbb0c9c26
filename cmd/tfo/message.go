package main

import (
	"errors"
	"net"
	"slices"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// plain returns the same error with the words for people.
func plain(err error) error {
	text, _ := words(err)
	return &plainError{err, text}
}

// A plainError is an error with other words.
type plainError struct {
	err  error
	text string
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }

// words are an error for people: what happened, on one line, and what cures it
// if the error knows. Which of our packages it comes from is left out.
func words(err error) (text, cure string) {
	var parts []string
	for _, e := range apart(err) {
		part, c := oneError(e)
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
		if cure == "" {
			cure = c
		}
	}
	return strings.Join(parts, "; "), cure
}

// apart takes the errors out of an [errors.Join].
func apart(err error) []error {
	switch e := err.(type) {
	case *actionError:
		return apart(e.err)
	case interface{ Unwrap() []error }:
		var all []error
		var texts []string
		for _, one := range e.Unwrap() {
			texts = append(texts, one.Error())
			all = append(all, apart(one)...)
		}
		if err.Error() == strings.Join(texts, "\n") {
			return all
		}
	}
	return []error{err}
}

func oneError(err error) (text, cure string) {
	// The addresses in an OpError are said elsewhere, or in the error below it.
	if op, ok := errors.AsType[*net.OpError](err); ok && strings.HasPrefix(err.Error(), op.Error()) {
		err = op.Err
	}
	text = strings.ReplaceAll(err.Error(), "encoding/hex: ", "")
	text = strings.ReplaceAll(withoutPackage(text), "\n", "; ")
	if errors.Is(err, lab.ErrForbidden) {
		if what, rest, ok := strings.Cut(text, "; "); ok {
			cure, _, _ = strings.Cut(rest, " (")
			return what, cure
		}
	}
	for _, m := range []error{link.ErrPrivilege, link.ErrXDPPrivilege, iptables.ErrPrivilege, iptables.ErrNoBackend} {
		what, c, _ := strings.Cut(m.Error(), ": ")
		if before, _, ok := strings.Cut(text, m.Error()); ok {
			return before + what, c
		}
	}
	return text, ""
}

// withoutPackage cuts the names of our packages off the beginning of an error.
func withoutPackage(text string) string {
	for {
		name, rest, ok := strings.Cut(text, ": ")
		switch {
		case !ok:
			return text
		case !slices.Contains([]string{"endpoint", "handshake", "link", "wire", "pcapng", "cookie", "iptables", "lab", "load"}, name):
			return text
		}
		text = rest
	}
}
