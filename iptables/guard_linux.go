package iptables

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
)

// Guard holds the rules of one user of the packet filter. Its methods may be called
// from any goroutine, in any network namespace. Keep it until Close: the rules may
// go when the garbage collector finds it forgotten.
type Guard struct {
	tag     Tag
	backend Backend
	log     *slog.Logger

	mu     sync.Mutex
	engine engine // nil after Close
	refs   map[Scope]int
}

// engine installs the rules of one guard.
type engine interface {
	add(Rule) error
	// remove removes one rule; a rule that is gone already is no error.
	remove(Rule) error
	// close removes what is left, and frees the engine.
	close() error
}

// Open sweeps what dead processes left behind in either backend that works, and returns
// a guard without any rule. A sweep that fails is logged and no error. Open acts on the network namespace of the calling thread. The
// error wraps ErrPrivilege or ErrNoBackend where one of them is the reason.
func Open(ctx context.Context, config Config) (*Guard, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("iptables: open: %w", err)
	}
	config = config.withDefaults()
	choice, err := choose(ctx, config.Backend)
	if err != nil {
		return nil, err
	}
	sweepStale(choice.Backend, config)
	sweepOther(choice.Backend, config)
	return openGuard(choice, config)
}

func openGuard(choice BackendStatus, config Config) (*Guard, error) {
	g := &Guard{tag: newTag(), backend: choice.Backend, log: config.Logger, refs: map[Scope]int{}}
	var err error
	if g.backend == BackendNFT {
		g.engine, err = openNFTEngine(g.tag, choice.owned, config)
	} else {
		g.engine, err = openIPTEngine(g.tag, config)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Backend returns the backend in use: BackendIPTables or BackendNFT.
func (g *Guard) Backend() Backend { return g.backend }

// Tag returns the tag of the guard's rules.
func (g *Guard) Tag() Tag { return g.tag }

// Scopes returns the scopes that are covered, in no order.
func (g *Guard) Scopes() []Scope {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.refs))
}

// Add covers a scope; the rule is in place when it returns. A scope that was added
// before is only counted: it takes as many calls of Remove to uncover it. The
// error wraps ErrScope, an *Error, or net.ErrClosed.
func (g *Guard) Add(scope Scope) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine == nil {
		return fmt.Errorf("iptables: add %v: guard: %w", scope, net.ErrClosed)
	}
	rules, err := Rules(scope, g.tag)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if g.refs[rule.Scope] == 0 {
			if err := g.engine.add(rule); err != nil {
				return err
			}
			g.log.Debug("rule installed", "backend", g.backend, "scope", rule.Scope)
		}
		g.refs[rule.Scope]++
	}
	return nil
}

// Remove undoes one Add of the scope. The error wraps ErrNotInstalled if there was
// none, ErrScope, an *Error, or net.ErrClosed.
func (g *Guard) Remove(scope Scope) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine == nil {
		return fmt.Errorf("iptables: remove %v: guard: %w", scope, net.ErrClosed)
	}
	rules, err := Rules(scope, g.tag)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		switch g.refs[rule.Scope] {
		case 0:
			return fmt.Errorf("iptables: remove %v: %w", scope, ErrNotInstalled)
		case 1:
			if err := g.engine.remove(rule); err != nil {
				return err
			}
			g.log.Debug("rule removed", "backend", g.backend, "scope", rule.Scope)
			delete(g.refs, rule.Scope)
		default:
			g.refs[rule.Scope]--
		}
	}
	return nil
}

// Close removes every rule of the guard. A second Close does nothing.
func (g *Guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine == nil {
		return nil
	}
	err := g.engine.close()
	g.engine, g.refs = nil, nil
	return err
}
