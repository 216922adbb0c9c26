package main

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// An e2eListen is a tfo listen that runs in this process.
type e2eListen struct {
	t              *testing.T
	read           func(t *testing.T, text string) []served // its output
	stdout, stderr *e2eBuffer
	cancel         context.CancelFunc
	wait           func() error
	code           int
}

// e2eServe starts tfo listen --json on a host and returns when it listens.
func e2eServe(t *testing.T, host *lab.Host, args ...string) *e2eListen {
	t.Helper()
	s := e2eAwaitListen(t, host, append([]string{"listen", "--json"}, args...))
	s.read = e2eServed
	return s
}

// e2eServeText is e2eServe without --json, for the reasons.
func e2eServeText(t *testing.T, host *lab.Host, args ...string) *e2eListen {
	t.Helper()
	s := e2eAwaitListen(t, host, append([]string{"listen"}, args...))
	s.read = e2eServedText
	return s
}

func e2eAwaitListen(t *testing.T, host *lab.Host, args []string) *e2eListen {
	t.Helper()
	for deadline := time.Now().Add(e2ePatience); ; {
		s := e2eStartListen(t, host, args)
		if s.stderr.await("listening on ") {
			t.Cleanup(func() { s.stop() })
			return s
		}
		s.cancel()
		s.wait()
		if !e2eHeldPort(s.stderr.String()) || time.Now().After(deadline) {
			t.Fatalf("%v does not listen: exit code %d: %s", args, s.code, s.stderr)
		}
		time.Sleep(time.Millisecond)
	}
}

// e2eHeldPort reports whether a port was not free. A program that another test
// is just starting holds on to the sockets of this process, also to one that
// was closed, until it executes.
func e2eHeldPort(err string) bool { return strings.Contains(err, syscall.EADDRINUSE.Error()) }

func e2eStartListen(t *testing.T, host *lab.Host, args []string) *e2eListen {
	ctx, cancel := context.WithCancel(context.Background())
	s := &e2eListen{t: t, stdout: newE2eBuffer(), stderr: newE2eBuffer(), cancel: cancel}
	s.wait = host.Run(ctx, func(ctx context.Context) error {
		s.code = run(ctx, args, strings.NewReader(""), s.stdout, s.stderr)
		s.stderr.end()
		s.stdout.end()
		return nil
	})
	return s
}

// stop interrupts the server and returns what became of its connections.
func (s *e2eListen) stop() []served {
	s.t.Helper()
	s.cancel()
	return s.end()
}

// end waits until the server ends by itself, as it does with --exit-after.
func (s *e2eListen) end() []served {
	s.t.Helper()
	watchdog := time.AfterFunc(e2ePatience, s.cancel)
	defer watchdog.Stop()
	if err := s.wait(); err != nil {
		s.t.Error(err)
	}
	if s.code != exitDone {
		s.t.Errorf("tfo listen: exit code %d: %s", s.code, s.stderr)
	}
	return s.read(s.t, s.stdout.String())
}

// one ends the server and wants one connection to have been served.
func (s *e2eListen) one() served {
	s.t.Helper()
	lines := s.end()
	if len(lines) != 1 {
		s.t.Fatalf("tfo listen served %d connections, want 1: %s", len(lines), s.stdout)
	}
	return lines[0]
}

func e2eServed(t *testing.T, text string) []served {
	t.Helper()
	return e2eLines[served](t, text, e2eListenFields)
}

// e2eServedLine is a line of tfo listen without --json.
var e2eServedLine = regexp.MustCompile(
	`^(\S+): Fast Open (\S+) \((.+)\), (\d+) bytes in the SYN, received (\d+), sent (\d+), \d+\.\d ms, close (\S+)\n$`)

// e2eServedText reads such lines. The duration is rounded and left out.
func e2eServedText(t *testing.T, text string) []served {
	t.Helper()
	var all []served
	for line := range strings.Lines(text) {
		m := e2eServedLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("tfo listen printed %q", line)
		}
		var n [3]int
		for i := range n {
			var err error
			if n[i], err = strconv.Atoi(m[4+i]); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
		}
		all = append(all, served{
			Remote: m[1], FastOpen: m[2], Reason: m[3], SynData: n[0], Received: uint64(n[1]), Sent: uint64(n[2]), Close: m[7],
		})
	}
	return all
}
