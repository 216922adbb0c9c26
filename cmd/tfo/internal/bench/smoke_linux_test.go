package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

const moduleRoot = "../../../.."

// Every subject works, with all that is ours. How fast says nothing here.
func TestSubjects(t *testing.T) {
	play := &traffic{
		programs: t.TempDir(), root: moduleRoot, runs: 1, stderr: io.Discard,
		duration: 100 * time.Millisecond, window: 16, connections: 20, idle: 500, crowd: 500, rate: 200,
	}
	needNamespaces(t)
	build(t, play.programs)
	// Other people's programs take longer, and are theirs to test. Go's benchmarks are compiled by their packages' tests.
	theirs := regexp.MustCompile("^(trafgen|hping3|masscan|nping|scapy)$")
	for _, s := range []subject{synSubject(), exchangesSubject(), latencySubject(), idleSubject(), crowdSubject(), floodSubject()} {
		t.Run(s.name, func(t *testing.T) {
			for _, c := range s.contenders {
				if theirs.MatchString(c.name) {
					continue
				}
				t.Run(c.name, func(t *testing.T) { smoke(t, play, s, c) })
			}
		})
	}
}

func smoke(t *testing.T, play *traffic, s subject, c contender) {
	if c.missing != nil {
		if missing := c.missing(t.Context(), play); missing != "" {
			t.Skip("not there: " + missing)
		}
	}
	values, err := c.measure(t.Context(), play)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.checkFigures(values); err != nil {
		t.Error(err)
	}
}

// A sender that is done while its frames are counted is not a slow one.
func TestSenderEnds(t *testing.T) {
	needNamespaces(t)
	play := &traffic{programs: t.TempDir(), duration: time.Second, stderr: io.Discard}
	build(t, play.programs)
	short := func(s *scene, _ time.Duration) (string, []string) {
		return tx("sendto", "qdisc")(s, warmUp+play.duration/2)
	}
	if values, err := sends(short, fastOpenSyn)(t.Context(), play); !errors.Is(err, errDone) {
		t.Errorf("got %v, %v; want %v", values, err, errDone)
	}
}

// What a program has started ends with it; else it would keep its output open, and the wait for that would not end.
func TestKillDescendants(t *testing.T) {
	needNamespaces(t)
	l, err := lab.New(t.Context(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := startDaemon(t.Context(), l.Client, pinned(t.Context(), 0, "sh", "-c", "sleep 1000 & echo ready; wait"), "ready", false)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	d.kill()
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

func needNamespaces(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for network namespaces, packet sockets and RPS")
	}
	for _, program := range []string{"gcc", "ip", "taskset", "nice"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs " + program)
		}
	}
	l, err := lab.New(t.Context(), lab.Config{})
	if errors.Is(err, lab.ErrForbidden) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// build makes the programs as scripts/bench.sh does.
func build(t *testing.T, dir string) {
	t.Helper()
	commands := [][]string{{"go", "build", "-ldflags=-s -w", "-o", dir, "./cmd/tfo", "./scripts/bench/peer"}}
	sticks, err := filepath.Glob(filepath.Join(moduleRoot, "scripts/bench/*.c"))
	if err != nil || len(sticks) == 0 {
		t.Fatalf("got %d sticks in C, %v", len(sticks), err)
	}
	for _, source := range sticks {
		name := filepath.Base(source)
		commands = append(commands, []string{"gcc", "-Wall", "-Wextra", "-Werror", "-O2",
			"-o", filepath.Join(dir, name[:len(name)-len(".c")]), filepath.Join("scripts/bench", name)})
	}
	for _, args := range commands {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = moduleRoot
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
}
