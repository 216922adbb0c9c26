package lab

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// Host is a network namespace with its interfaces configured and up.
// Its methods may be called from any goroutine; after [Lab.Close] they return an error that wraps net.ErrClosed.
type Host struct {
	// Name is "client", "server", "router", or "server2" and so on.
	Name string
	// Port is the first of Ports.
	Port
	// Ports are the network interfaces: one, and on the router two, the client's side first.
	Ports []Port

	ns        *namespace
	neighbour *Host // whom it knows without asking; nil if nobody
}

func newHost(name string, ports ...Port) *Host {
	return &Host{Name: name, Port: ports[0], Ports: ports}
}

func (h *Host) end(port int) end {
	return end{h, &h.Ports[port]}
}

// Do runs fn on the host's own thread and returns its error. Sockets that fn opens belong to the host and stay so:
// any goroutine may use them afterwards. Goroutines that fn starts run elsewhere, in the namespace of the program.
//
// Calls take turns, so fn should open what it needs and return; [Host.Run] is for work that blocks. fn may call Do
// of the same host again, which runs at once. Two hosts must not wait for each other's Do. fn must not end its
// goroutine (as testing.T.FailNow does): that ends the host.
func (h *Host) Do(fn func() error) error {
	return h.wrap(h.ns.do(fn))
}

// Run starts fn on a thread of its own in the host's namespace and returns at once. wait blocks until fn is done and
// returns its error; it may be called any number of times, or not at all. The context of fn ends with ctx and with
// [Lab.Close], which waits for fn. What is said of goroutines and sockets at [Host.Do] holds here as well.
func (h *Host) Run(ctx context.Context, fn func(ctx context.Context) error) (wait func() error) {
	done := h.ns.run(ctx, fn)
	return func() error { return h.wrap(done()) }
}

// Start starts cmd inside the host's namespace. The program is killed when the lab closes or this process dies.
// The caller owns cmd and calls its Wait.
func (h *Host) Start(cmd *exec.Cmd) error {
	return h.wrap(h.ns.start(cmd))
}

// Command runs a program inside the host's namespace to its end and returns its standard output.
// The error carries what it wrote on standard error. ctx kills it.
func (h *Host) Command(ctx context.Context, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := h.Start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return stdout.Bytes(), fmt.Errorf("lab: %s: %s: %w: %s", h.Name, name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

func (h *Host) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("lab: %s: %w", h.Name, err)
}
