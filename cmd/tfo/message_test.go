package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

func TestWords(t *testing.T) {
	taken := fmt.Errorf("endpoint: port 80 is taken: %w", syscall.EADDRINUSE)
	a := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	for _, test := range []struct {
		name       string
		err        error
		text, cure string
	}{
		{"plain", errors.New("it broke"), "it broke", ""},
		{"a package", taken, "port 80 is taken: address already in use", ""},
		{"two packages", fmt.Errorf("endpoint: %w", errors.New("link: no route")), "no route", ""},
		{"a word with a colon", errors.New("lookup: it broke"), "lookup: it broke", ""},
		{"net", &net.OpError{Op: "dial", Net: "tcp", Addr: a, Err: taken}, "port 80 is taken: address already in use", ""},
		{"joined", errors.Join(&net.OpError{Op: "read", Err: syscall.ECONNRESET}, taken), "connection reset by peer; port 80 is taken: address already in use", ""},
		{"joined twice", errors.Join(taken, nil, errors.Join(taken, taken)), "port 80 is taken: address already in use", ""},
		{"joined and wrapped", &actionError{errors.Join(taken, errors.New("x"))}, "port 80 is taken: address already in use; x", ""},
		{"two verbs are no join", fmt.Errorf("lab: %w by %w", errors.New("a"), errors.New("b")), "a by b", ""},
		{"privilege", fmt.Errorf("link: open lo: %w (socket: no)", link.ErrPrivilege), "open lo: needs CAP_NET_RAW",
			"run as root, or give the program the capability with setcap cap_net_raw,cap_net_admin+ep"},
		{"no backend", iptables.ErrNoBackend, "no packet filter to work with", "apt install iptables, or use a kernel with nf_tables (modprobe nf_tables)"},
		{"forbidden", fmt.Errorf("lab: new user namespace: %w by x.y=0; run \"sysctl -w x.y=1\" as root (%w)", lab.ErrForbidden, syscall.ENOSPC),
			"new user namespace: forbidden by x.y=0", `run "sysctl -w x.y=1" as root`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, cure := words(test.err)
			if text != test.text || cure != test.cure {
				t.Errorf("got %q, %q, want %q, %q", text, cure, test.text, test.cure)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
		hint string
	}{
		{&actionError{errors.New("x")}, exitFailed, ""},
		{&actionError{usagef("x")}, exitUsage, ""},
		{&actionError{errors.Join(usagef("x"), errors.New("y"))}, exitUsage, ""},
		{&actionError{withHint(errors.New("x"), "try %s", "y")}, exitFailed, "try y"},
		{&actionError{withHint(usagef("x"), "try y")}, exitUsage, "try y"},
		{&actionError{fmt.Errorf("x: %w", errors.ErrUnsupported)}, exitMissing, ""},
		{&actionError{errors.Join(errSilent, fmt.Errorf("x: %w", iptables.ErrNoBackend))}, exitMissing,
			"apt install iptables, or use a kernel with nf_tables (modprobe nf_tables)"},
	} {
		got := classify(test.err)
		if got.code != test.code || got.hint != test.hint {
			t.Errorf("%v: code %d, hint %q, want %d, %q", test.err, got.code, got.hint, test.code, test.hint)
		}
		if !errors.Is(got, errors.Unwrap(test.err)) {
			t.Errorf("%v: the error is lost", test.err)
		}
	}
}
