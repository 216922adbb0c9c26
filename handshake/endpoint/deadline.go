package endpoint

import (
	"sync"
	"time"
)

// A deadline wakes those that wait on a condition when its time has come. It
// is guarded by the condition's lock.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

// deadlines are those of a connection.
type deadlines struct {
	read, write deadline
}

// set moves the deadline to t and wakes the waiters to look at it; the zero
// time takes it away.
func (d *deadline) set(t time.Time, cond *sync.Cond) {
	d.stop()
	d.at = t
	cond.Broadcast()
	if left := time.Until(t); !t.IsZero() && left > 0 {
		d.timer = time.AfterFunc(left, func() {
			// With the lock held nobody is between looking and waiting.
			cond.L.Lock()
			defer cond.L.Unlock()
			cond.Broadcast()
		})
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// passed reports whether the deadline is over.
func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
