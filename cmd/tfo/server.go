package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// A server is the listeners of one tfo listen, one for each shard of each interface.
type server struct {
	flags   *listenFlags
	cmd     *cobra.Command
	gate    handshake.GateConfig
	address string
	site    *site     // nil if every connection gets the same reply
	metrics *exporter // nil if nobody asked for metrics

	ports     *sharedPorts
	observer  *observer
	stacks    []*shardedStack
	listeners []*endpoint.Listener

	ctx  context.Context // done when enough connections have been served
	stop context.CancelFunc

	mu    sync.Mutex
	lines *lateWriter
	line  []byte // used again
	done  int    // connections that have ended
	err   error
}

func newServer(cmd *cobra.Command, flags *listenFlags, gate handshake.GateConfig, address string) *server {
	s := &server{flags: flags, cmd: cmd, gate: gate, address: address}
	s.ctx, s.stop = context.WithCancel(cmd.Context())
	s.lines = newLateWriter(cmd.OutOrStdout(), s.fail)
	return s
}

// open starts a stack and a listener on every interface. If it fails, close
// ends what was started.
func (s *server) open(ctx context.Context, names []string) (err error) {
	if s.ports, err = openSharedPorts(); err != nil {
		return err
	}
	if s.observer, err = s.flags.observe.open(s.cmd.ErrOrStderr(), strings.Join(names, " ")); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.listenOn(ctx, name, len(names) == 1); err != nil {
			return errors.Join(err, s.observer.discard())
		}
	}
	return nil
}

// listenOn starts as many stacks on an interface as are asked for, with listeners; alone says that there is no other one.
func (s *server) listenOn(ctx context.Context, name string, alone bool) error {
	loopback, _ := loopbackName()
	guard, err := s.flags.guard.new(ctx, iptables.ModeInbound, name == loopback)
	if err != nil {
		return err
	}
	config := endpoint.Config{Ports: s.ports, Answers: true}
	s.flags.receiving.set(&config)
	if name == loopback && !alone {
		config.XDP = false // which is for those who come by the others
	}
	stack, err := openShardedStack(name, s.flags.shards, config, guard, s.observer)
	if err != nil {
		return errors.Join(err, guard.close())
	}
	s.stacks = append(s.stacks, stack)
	s.metrics.watch(name, stack)
	for _, shard := range stack.shards {
		if err := s.listenWith(ctx, shard, len(stack.shards)); err != nil {
			return err
		}
	}
	return nil
}

// listenWith starts a listener on one of so many shards.
func (s *server) listenWith(ctx context.Context, stack *endpoint.Stack, shards int) error {
	lc := endpoint.ListenConfig{Stack: stack, FastOpen: s.gate}
	// The limit is for all of them.
	lc.FastOpen.MaxPending = (s.gate.MaxPending + shards - 1) / shards
	lc.Machine.TimeWait = lingerTime
	if s.site == nil {
		lc.Handler, lc.HandlerTimeout = newAnswerer(s.ctx, s.flags, s.report).handle, patience
		lc.ReuseConns = true
	}
	ln, err := lc.Listen(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, ln)
	s.fixPort(ln)
	return nil
}

// fixPort makes the port that a listener chose that of all.
func (s *server) fixPort(ln *endpoint.Listener) {
	host, _, _ := net.SplitHostPort(s.address)
	s.address = net.JoinHostPort(host, strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
}

// close ends what open has started, as far as it got.
func (s *server) close() error {
	s.stop()
	errs := []error{s.metrics.close(), s.site.close()}
	for _, stack := range s.stacks {
		errs = append(errs, stack.shutdown())
	}
	errs = append(errs, s.lines.close())
	if s.ports != nil {
		errs = append(errs, s.ports.close())
	}
	if s.observer != nil {
		errs = append(errs, s.observer.close())
	}
	return errors.Join(errs...)
}

// serve waits until the context ends, enough connections have been served, or the
// listeners have lost their interfaces.
func (s *server) serve() error {
	context.AfterFunc(s.ctx, func() {
		for _, ln := range s.listeners {
			ln.Close()
		}
	})
	for _, ln := range s.listeners {
		// Connections are the handler's: there is nothing to accept before the end.
		if c, err := ln.Accept(); err == nil {
			c.Close()
		}
	}
	return s.failure()
}

// report prints what became of a connection, and ends the server if it was the last.
func (s *server) report(line served) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	var err error
	if s.flags.json {
		err = printJSON(s.lines, line)
	} else {
		s.line = line.appendText(s.line[:0])
		_, err = s.lines.Write(s.line)
	}
	if err != nil {
		s.err = err
	}
	if err != nil || s.done == s.flags.exitAfter {
		s.stop()
	}
}

// fail keeps why the server cannot go on, and ends it.
func (s *server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	s.stop()
}

func (s *server) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
