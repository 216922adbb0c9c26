package iptables

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// otherLockWait is the shortest wait that iptables knows and that ends.
const otherLockWait = time.Second

// store is a backend as seen from outside of any guard.
type store interface {
	list() ([]Installed, error)
	// sweep removes the rules whose owner is gone.
	sweep(gone func(Owner) bool) (removed int, err error)
	// install adds a rule unless it is there.
	install(Rule) error
	// uninstall removes every copy of a rule.
	uninstall(Rule) (removed int, err error)
	close() error
}

func openStore(backend Backend, config Config) (store, error) {
	if backend == BackendNFT {
		conn, err := dialNFT()
		if err != nil {
			return nil, err
		}
		return nftStore{conn}, nil
	}
	return iptStore{newPrograms(config.LockWait)}, nil
}

// eachStore calls fn for every backend that is meant and works: for BackendAuto that
// may be both, since rules may be in either.
func eachStore(ctx context.Context, backend Backend, fn func(store) error) error {
	meant, err := meantBackends(ctx, backend)
	if err != nil {
		return err
	}
	var errs []error
	for _, status := range meant {
		if status.Err == nil {
			errs = append(errs, withStore(status.Backend, Config{}.withDefaults(), fn))
		}
	}
	return errors.Join(errs...)
}

func meantBackends(ctx context.Context, backend Backend) ([]BackendStatus, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("iptables: %w", err)
	}
	nft := BackendStatus{Backend: BackendNFT}
	switch backend {
	case BackendNFT:
		nft.Err = checkNFT()
		return []BackendStatus{nft}, nft.Err
	case BackendAuto:
		nft.Err = checkNFT()
		ipt := iptStatus(ctx)
		_, err := pick(nft, ipt)
		return []BackendStatus{nft, ipt}, err
	}
	only, err := choose(ctx, backend)
	return []BackendStatus{only}, err
}

func withStore(backend Backend, config Config, fn func(store) error) error {
	s, err := openStore(backend, config)
	if err != nil {
		return err
	}
	defer s.close()
	return fn(s)
}

// List returns every tagged rule, of any process, in the network namespace of the
// calling thread. BackendAuto looks into both backends.
func List(ctx context.Context, backend Backend) ([]Installed, error) {
	var found []Installed
	err := eachStore(ctx, backend, func(s store) error {
		rules, err := s.list()
		found = append(found, rules...)
		return err
	})
	return found, err
}

// Sweep removes the rules of dead processes and returns their number. Rules of
// living processes, of processes in other pid namespaces, and of Install stay.
// BackendAuto sweeps both backends.
func Sweep(ctx context.Context, backend Backend) (removed int, err error) {
	return sweepAny(ctx, backend, staleOnly)
}

// SweepAll removes every tagged rule but those of processes that are known to live:
// also those of Install, and those whose owner cannot be judged from here.
func SweepAll(ctx context.Context, backend Backend) (removed int, err error) {
	return sweepAny(ctx, backend, notAlive)
}

func staleOnly(o Owner) bool { return o == OwnerStale }
func notAlive(o Owner) bool  { return o != OwnerAlive }

func sweepAny(ctx context.Context, backend Backend, gone func(Owner) bool) (removed int, err error) {
	err = eachStore(ctx, backend, func(s store) error {
		n, err := s.sweep(gone)
		removed += n
		return err
	})
	return removed, err
}

// sweepStale sweeps a backend for Open.
func sweepStale(backend Backend, config Config) {
	removed := 0
	err := withStore(backend, config, func(s store) (err error) {
		removed, err = s.sweep(staleOnly)
		return err
	})
	if removed > 0 {
		config.Logger.Info("stale rules swept", "backend", backend, "rules", removed)
	}
	if err != nil {
		// Old rules are no reason to refuse: they cover other addresses or ports.
		config.Logger.Warn("stale rules not swept", "backend", backend, "err", err)
	}
}

// sweepOther sweeps the backend that was not chosen, if it works here: an earlier process
// may have been told, or had, to use it. Programs that are not installed are not run.
func sweepOther(chosen Backend, config Config) {
	if chosen == BackendIPTables {
		if checkNFT() == nil {
			sweepStale(BackendNFT, config)
		}
		return
	}
	if checkProgramPrivilege() == nil {
		// The guard itself does not need the xtables lock: whoever holds it must not
		// delay the guard for long.
		config.LockWait = min(config.LockWait, otherLockWait)
		sweepStale(BackendIPTables, config)
	}
}
