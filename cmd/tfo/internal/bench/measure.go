package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// bench is what all measurements have in common.
type bench struct {
	peer, gvisor string // programs
	bytes        int64
	mtu          int
	timeout      time.Duration
	stderr       io.Writer
}

// A sample is one transfer.
type sample struct {
	rate       float64 // MB/s, 10^6 bytes
	send, recv float64 // CPU seconds a GB, of the whole process, its start and the pattern's making included
}

// measure makes two hosts, moves the bytes from one to the other, and lets the hosts go.
func (b *bench) measure(ctx context.Context, p pair) (s sample, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	// Offload stays on, as on real interfaces: everybody may use it.
	l, err := lab.New(ctx, lab.Config{MTU: b.mtu, Offload: true})
	if err != nil {
		return s, err
	}
	defer l.Close()
	from, to := newEnd(l.Client, p.from), newEnd(l.Server, p.to)
	for _, pair := range [][2]end{{from, to}, {to, from}} {
		if err := pair[0].introduce(ctx, pair[1]); err != nil {
			return s, err
		}
	}
	receiver, err := b.start(ctx, "receive", to, from)
	if err != nil {
		return s, err
	}
	defer receiver.kill()
	if err := receiver.ready(); err != nil {
		return s, err
	}
	sender, err := b.start(ctx, "send", from, to)
	if err != nil {
		return s, err
	}
	defer sender.kill()
	var result struct{ Seconds float64 }
	if err := json.NewDecoder(sender.stdout).Decode(&result); err != nil {
		return s, sender.failure(err)
	}
	if s.send, err = sender.finish(); err != nil {
		return s, err
	}
	if s.recv, err = receiver.finish(); err != nil {
		return s, err
	}
	gigabytes := float64(b.bytes) / 1e9
	return sample{rate: gigabytes * 1e3 / result.Seconds, send: s.send / gigabytes, recv: s.recv / gigabytes}, nil
}

// An end is a host with the stack on it.
type end struct {
	*lab.Host
	side
	addr netip.Addr
}

// newEnd gives a stack in a program an address beside that of the kernel, which then keeps quiet: it is not meant.
func newEnd(h *lab.Host, s side) end {
	e := end{h, s, h.Addr4}
	if s.stack != kernel.stack {
		octets := e.addr.As4()
		octets[3] += 100
		e.addr = netip.AddrFrom4(octets)
	}
	return e
}

// introduce tells the kernel where the other end is, as it might be one that answers no ARP.
func (e end) introduce(ctx context.Context, other end) error {
	_, err := e.Command(ctx, "ip", "neighbour", "replace", other.addr.String(), "lladdr", other.MAC.String(), "dev", e.Interface)
	return err
}

// A process is a program that sends or receives.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr bytes.Buffer
	waited bool
}

func (b *bench) start(ctx context.Context, role string, e, other end) (*process, error) {
	args := []string{role, "-i", e.Interface, "-addr", e.addr.String(), "-peer", other.addr.String(), "-peer-mac", other.MAC.String(),
		"-bytes", fmt.Sprint(b.bytes)}
	program := b.peer
	if e.stack == gvisor.stack {
		program = b.gvisor
	} else {
		args = append(args, "-stack", e.stack)
	}
	args = append(args, strings.Fields(e.flags)...)
	p := &process{cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.stdout = stdin, bufio.NewReader(stdout)
	return p, e.Start(p.cmd)
}

// ready waits for the line that says so.
func (p *process) ready() error {
	if _, err := p.stdout.ReadString('\n'); err != nil {
		return p.failure(err)
	}
	return nil
}

// finish lets the process end by itself, and returns the CPU seconds that it took.
func (p *process) finish() (cpu float64, err error) {
	p.stdin.Close()
	p.waited = true
	if err := p.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(p.stderr.Bytes()))
	}
	state := p.cmd.ProcessState
	return (state.UserTime() + state.SystemTime()).Seconds(), nil
}

// failure ends a process that did not say what it should, and tells what it said instead.
func (p *process) failure(err error) error {
	if _, ended := p.finish(); ended != nil {
		return ended
	}
	return err
}

func (p *process) kill() {
	if !p.waited {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}
