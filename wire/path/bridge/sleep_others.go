//go:build !linux

package bridge

import "time"

func sleep(d time.Duration) { time.Sleep(d) }
