package iptables

import (
	"context"
	"fmt"
)

// Install installs the rule of a scope so that it outlives this process, until
// Uninstall or SweepAll. A rule that is there already is left alone. It returns
// the backend that holds the rule.
func Install(ctx context.Context, backend Backend, scope Scope) (Backend, error) {
	rules, err := Rules(scope, Tag{Manual: true})
	if err != nil {
		return backend, err
	}
	if err := ctx.Err(); err != nil {
		return backend, fmt.Errorf("iptables: install: %w", err)
	}
	choice, err := choose(ctx, backend)
	if err != nil {
		return backend, err
	}
	return choice.Backend, withStore(choice.Backend, Config{}.withDefaults(), func(s store) error {
		for _, r := range rules {
			if err := s.install(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Uninstall removes what Install installed for the same scope. BackendAuto looks into
// both backends. The error wraps ErrNotInstalled if there is no such rule.
func Uninstall(ctx context.Context, backend Backend, scope Scope) error {
	rules, err := Rules(scope, Tag{Manual: true})
	if err != nil {
		return err
	}
	removed := 0
	err = eachStore(ctx, backend, func(s store) error {
		for _, r := range rules {
			n, err := s.uninstall(r)
			removed += n
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && removed == 0 && len(rules) > 0 {
		err = fmt.Errorf("iptables: uninstall %v: %w", scope, ErrNotInstalled)
	}
	return err
}
