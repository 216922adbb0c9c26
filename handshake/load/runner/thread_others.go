//go:build !linux

package runner

import (
	"errors"
	"time"
)

func settle(int) error { return errors.ErrUnsupported }

func nap(d time.Duration) { time.Sleep(d) }
