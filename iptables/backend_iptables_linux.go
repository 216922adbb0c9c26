package iptables

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// iptEngine keeps a guard's rules in the standard chains.
type iptEngine struct {
	tag       Tag
	lockWait  time.Duration
	namespace *namespace
	programs  map[bool]*iptProgram // by family: true is IPv4
	watcher   *watcher             // nil if it could not be started
	watched   map[string]bool      // lines that the watcher was told
}

func openIPTEngine(tag Tag, config Config) (engine, error) {
	ns, err := currentNamespace()
	if err != nil {
		return nil, err
	}
	e := &iptEngine{tag: tag, lockWait: config.LockWait, namespace: ns, programs: map[bool]*iptProgram{}, watched: map[string]bool{}}
	e.watch(config.Logger)
	return e, nil
}

func (e *iptEngine) watch(log *slog.Logger) {
	w, err := startWatcher(iptWatcherScript, e.tag.String(), fmt.Sprint(int(e.lockWait.Seconds())))
	if err != nil {
		log.Warn("rules of a killed process stay until the next sweep", "err", err)
	}
	e.watcher = w
}

// program returns the program of a family, looked for when it is first needed: a
// machine may have one of the two.
func (e *iptEngine) program(is4 bool) (*iptProgram, error) {
	if p := e.programs[is4]; p != nil {
		return p, nil
	}
	p, err := openProgram(is4, e.lockWait)
	if err != nil {
		return nil, err
	}
	e.programs[is4] = p
	return p, nil
}

func (e *iptEngine) add(r Rule) error {
	return e.namespace.do(func() error {
		p, err := e.program(r.Scope.Is4())
		if err != nil {
			return err
		}
		// Told first: no rule is without a watcher for a moment.
		if place := r.Table() + " " + r.Chain() + " " + p.path; !e.watched[place] {
			if err := e.watcher.tell(place); err != nil {
				return fmt.Errorf("iptables: watcher ended early: %w", err)
			}
			e.watched[place] = true
		}
		return p.add(r)
	})
}

func (e *iptEngine) remove(r Rule) error {
	return e.namespace.do(func() error {
		p, err := e.program(r.Scope.Is4())
		if err != nil {
			return err
		}
		_, err = p.remove(r)
		return err
	})
}

func (e *iptEngine) close(rules []Rule) error {
	var errs []error
	for _, r := range rules {
		errs = append(errs, e.remove(r))
	}
	err := errors.Join(errs...)
	e.watcher.stop(err == nil)
	return errors.Join(err, e.namespace.close())
}

// iptStore is iptables as seen from outside of any guard.
type iptStore struct{ programs []*iptProgram }

func openIPTStore(lockWait time.Duration) (*iptStore, error) {
	s := new(iptStore)
	for _, is4 := range []bool{true, false} {
		p, err := openProgram(is4, lockWait)
		if errors.Is(err, ErrNoBackend) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.programs = append(s.programs, p)
	}
	return s, nil
}

func (*iptStore) close() error { return nil }

func (s *iptStore) list() ([]Installed, error) {
	var found []Installed
	for _, p := range s.programs {
		rules, err := p.list()
		if err != nil {
			return nil, err
		}
		found = append(found, rules...)
	}
	return found, nil
}

func (s *iptStore) sweep(gone func(Owner) bool) (removed int, err error) {
	rules, err := s.list()
	if err != nil {
		return 0, err
	}
	for _, r := range rules {
		if !gone(r.Owner) {
			continue
		}
		n, err := s.uninstall(r.Rule)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

// of returns the program for a rule's family.
func (s *iptStore) of(r Rule) (*iptProgram, error) {
	for _, p := range s.programs {
		if p.is4 == r.Scope.Is4() {
			return p, nil
		}
	}
	return nil, fmt.Errorf("iptables: %s is not installed: %w", r.Program(), ErrNoBackend)
}

func (s *iptStore) install(r Rule) error {
	p, err := s.of(r)
	if err != nil {
		return err
	}
	return p.addOnce(r)
}

func (s *iptStore) uninstall(r Rule) (removed int, err error) {
	p, err := s.of(r)
	if err != nil {
		return 0, nil // without the program there are no rules of its family
	}
	return p.remove(r)
}
