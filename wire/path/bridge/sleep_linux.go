package bridge

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// sleepExactly keeps the calling goroutine on its thread, whose sleeps the kernel then does not put together with others
// (50 µs by default). The thread ends with the goroutine. Where that is refused, sleeps are as late as elsewhere.
func sleepExactly() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // nanoseconds
}

// sleep blocks the thread: the runtime's timers wait in whole milliseconds, the
// kernel's sleep is exact to its timer slack. A signal may end it early.
func sleep(d time.Duration) {
	if d > 0 {
		ts := unix.NsecToTimespec(int64(d))
		unix.Nanosleep(&ts, nil)
	}
}
