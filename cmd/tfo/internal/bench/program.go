package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// pinned is a command that runs on one core. What it has started ends with it.
func pinned(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", strconv.Itoa(core), name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// A numbers is what a stick prints: "name=value" and so on, on one line.
type numbers map[string]float64

func parseNumbers(text string) (numbers, error) {
	n := make(numbers)
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return n, fmt.Errorf("%q is not name=value", word)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return n, fmt.Errorf("%s: %w", name, err)
		}
		n[name] = v
	}
	if len(n) == 0 {
		return n, fmt.Errorf("no figures in %q", text)
	}
	return n, nil
}

// get returns the numbers with these names; all of them must be there.
func (n numbers) get(names ...string) ([]float64, error) {
	values := make([]float64, len(names))
	for i, name := range names {
		v, ok := n[name]
		if !ok {
			return nil, fmt.Errorf("there is no %s", name)
		}
		values[i] = v
	}
	return values, nil
}

// runStick runs a program on a host's core to its end, and returns what it has printed.
func runStick(ctx context.Context, h *lab.Host, core int, name string, args ...string) (numbers, error) {
	cmd := pinned(ctx, core, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := h.Start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	n, err := parseNumbers(stdout.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// errDone is the end of a program that found nothing wrong.
var errDone = errors.New("exit status 0")

// A daemon is a program that runs until it is killed.
type daemon struct {
	cmd   *exec.Cmd
	said  *saying
	stdin io.WriteCloser
	ended chan struct{}
	err   error // once ended is closed
}

// startDaemon starts a program. If there is a text that it says when it is ready, on standard output or standard error,
// this waits for it. With quiet its standard output goes nowhere.
func startDaemon(ctx context.Context, h *lab.Host, cmd *exec.Cmd, ready string, quiet bool) (*daemon, error) {
	d := &daemon{cmd: cmd, said: newSaying(ready), ended: make(chan struct{})}
	cmd.Stderr = d.said
	if !quiet {
		cmd.Stdout = d.said
	}
	var err error
	if d.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := h.Start(cmd); err != nil {
		return nil, err
	}
	go func() {
		d.err = cmd.Wait()
		close(d.ended)
	}()
	if ready == "" {
		return d, nil
	}
	if err := d.await(ctx); err != nil {
		d.kill()
		return nil, err
	}
	return d, nil
}

// await returns when the program has said once more what it says when it is ready.
func (d *daemon) await(ctx context.Context) error {
	select {
	case <-d.said.heard:
		return nil
	case <-d.ended:
		return d.running()
	case <-ctx.Done():
		return fmt.Errorf("%s is not ready: %w: %s", d.name(), ctx.Err(), d.said)
	}
}

// running is an error if the program has ended.
func (d *daemon) running() error {
	select {
	case <-d.ended:
		return fmt.Errorf("%s has ended: %w: %s", d.name(), cmp.Or(d.err, errDone), d.said)
	default:
		return nil
	}
}

// name is that of the program, behind the words of pinned.
func (d *daemon) name() string { return d.cmd.Args[min(3, len(d.cmd.Args)-1)] }

func (d *daemon) kill() {
	select {
	case <-d.ended: // and its number may be another one's
	default:
		_ = d.cmd.Cancel() // else it has ended meanwhile
	}
	<-d.ended
}

// cpu returns the processor time that the program has taken, user and system.
func (d *daemon) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseCPU(string(stat))
}

// parseCPU reads /proc/PID/stat. Its times are in hundredths of a second whatever the kernel counts in.
func parseCPU(stat string) (time.Duration, error) {
	// The name of the program, in brackets, may hold anything.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const user, system = 14 - 3, 15 - 3 // counted from 1 in proc(5), and the first one here is the third
	if len(fields) <= system {
		return 0, fmt.Errorf("no times in %q", stat)
	}
	u, err := strconv.ParseInt(fields[user], 10, 64)
	if err != nil {
		return 0, err
	}
	s, err := strconv.ParseInt(fields[system], 10, 64)
	return time.Duration(u+s) * time.Second / 100, err
}

// resident returns the memory of the program that is in RAM, in bytes.
func (d *daemon) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseResident(string(status))
}

func parseResident(status string) (float64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in %q", status)
}

// A saying keeps the beginning of what a program says, and hears one text in it.
type saying struct {
	text  []byte
	heard chan struct{} // gets a value each time that a line holds the text

	mu   sync.Mutex
	kept bytes.Buffer
	line []byte // that is not over
}

// keptBytes is as much as an error message may need.
const keptBytes = 4096

func newSaying(text string) *saying {
	return &saying{text: []byte(text), heard: make(chan struct{}, 16)}
}

// Write implements [io.Writer].
func (s *saying) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Write(p[:min(len(p), max(0, keptBytes-s.kept.Len()))])
	s.line = append(s.line, p...)
	for {
		line, rest, ok := bytes.Cut(s.line, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		if bytes.Contains(line, s.text) {
			select {
			case s.heard <- struct{}{}:
			default:
			}
		}
		s.line = bytes.Clone(rest)
	}
}

func (s *saying) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.kept.Bytes()))
}
