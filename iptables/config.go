package iptables

import (
	"log/slog"
	"time"
)

// defaultLockWait is long enough for a firewall that loads a big rule set.
const defaultLockWait = 5 * time.Second

// Config is how a guard works. The zero value is ready to use.
type Config struct {
	// Backend holds the rules. Zero: BackendAuto.
	Backend Backend
	// LockWait is how long each iptables command waits for the xtables lock, in
	// whole seconds, rounded up. Zero: 5 s.
	LockWait time.Duration
	// Logger is told what is installed, removed and swept, and of protection that
	// is weaker than it should be. Nil: nowhere.
	Logger *slog.Logger
}

// withDefaults returns the configuration with nothing left to be zero.
func (c Config) withDefaults() Config {
	if c.LockWait <= 0 {
		c.LockWait = defaultLockWait
	}
	c.LockWait = (c.LockWait + time.Second - 1).Truncate(time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
