package iptables

import (
	"errors"
	"fmt"
)

// iptEngine keeps a guard's rules in the standard chains.
type iptEngine struct {
	tag       Tag
	namespace *namespace
	programs  *iptPrograms
	watcher   *watcher        // nil if it could not be started
	places    map[string]bool // what the watcher was told to clean
	rules     map[Rule]bool   // what is installed, or may be: a program can fail after it changed the kernel
}

func openIPTEngine(tag Tag, config Config) (engine, error) {
	ns, err := currentNamespace()
	if err != nil {
		return nil, err
	}
	e := &iptEngine{
		tag: tag, namespace: ns, programs: newPrograms(config.LockWait),
		places: map[string]bool{}, rules: map[Rule]bool{},
	}
	e.watch(config)
	return e, nil
}

func (e *iptEngine) watch(config Config) {
	w, err := startWatcher(iptWatcherScript, e.tag.String(), fmt.Sprint(int(config.LockWait.Seconds())))
	if err != nil {
		config.Logger.Warn("rules of a killed process stay until the next sweep", "err", err)
	}
	e.watcher = w
}

func (e *iptEngine) add(r Rule) error {
	return e.namespace.do(func() error {
		p, err := e.programs.of(r.Scope.Is4())
		if err != nil {
			return err
		}
		// Told first: no rule is without a watcher for a moment.
		if err := e.announce(r.Table() + " " + r.Chain() + " " + p.path); err != nil {
			return fmt.Errorf("iptables: watcher ended early: %w", err)
		}
		e.rules[r] = true
		err = p.add(r)
		// A watcher that does not hear this cleans once more than it must.
		_ = e.watcher.tell(watcherAdded)
		return err
	})
}

// announce tells the watcher that a rule is being added at a place.
func (e *iptEngine) announce(place string) error {
	if !e.places[place] {
		if err := e.watcher.tell(watcherPlace + place); err != nil {
			return err
		}
		e.places[place] = true
	}
	return e.watcher.tell(watcherAdding)
}

func (e *iptEngine) remove(r Rule) error {
	return e.namespace.do(func() error {
		p, err := e.programs.of(r.Scope.Is4())
		if err != nil {
			return err
		}
		if _, err = p.remove(r); err == nil {
			delete(e.rules, r)
		}
		return err
	})
}

func (e *iptEngine) close() error {
	var errs []error
	for r := range e.rules {
		err := e.remove(r)
		errs = append(errs, err)
		if errors.Is(err, ErrLocked) {
			// Each further rule would wait as long; the watcher has time.
			break
		}
	}
	err := errors.Join(errs...)
	e.watcher.stop(err == nil)
	return errors.Join(err, e.namespace.close())
}

// iptStore is iptables as seen from outside of any guard.
type iptStore struct{ programs *iptPrograms }

func (iptStore) close() error { return nil }

func (s iptStore) list() ([]Installed, error) {
	var found []Installed
	for _, is4 := range []bool{true, false} {
		p, err := s.programs.of(is4)
		if errors.Is(err, ErrNoBackend) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rules, err := p.list()
		if err != nil {
			return nil, err
		}
		found = append(found, rules...)
	}
	return found, nil
}

func (s iptStore) sweep(gone func(Owner) bool) (removed int, err error) {
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

func (s iptStore) install(r Rule) error {
	p, err := s.programs.of(r.Scope.Is4())
	if err != nil {
		return err
	}
	return p.addOnce(r)
}

func (s iptStore) uninstall(r Rule) (removed int, err error) {
	p, err := s.programs.of(r.Scope.Is4())
	if errors.Is(err, ErrNoBackend) {
		return 0, nil // without the program there are no rules of its family
	}
	if err != nil {
		return 0, err
	}
	return p.remove(r)
}
