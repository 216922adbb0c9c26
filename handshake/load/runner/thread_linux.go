package runner

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// settle puts the calling thread on a processor, if it is one, and lets it sleep as
// exactly as the kernel can.
func settle(cpu int) error {
	// Without it sleeping is a little less exact.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	if cpu < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("processor %d: %w", cpu, err)
	}
	return nil
}

// nap sleeps by the kernel's clock: the runtime's timers wait in whole milliseconds.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	// What wakes it early is looked at by the caller.
	_ = unix.Nanosleep(&t, nil)
}
