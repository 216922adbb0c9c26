package bridge

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleep blocks the thread: the runtime's timers wait in whole milliseconds, the
// kernel's sleep is exact to its timer slack of 50 µs. A signal may end it early.
func sleep(d time.Duration) {
	if d > 0 {
		ts := unix.NsecToTimespec(int64(d))
		unix.Nanosleep(&ts, nil)
	}
}
