//go:build !linux

package bridge

import "time"

func sleepExactly() {}

func sleep(d time.Duration) { time.Sleep(d) }
