package endpoint

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// Mail comes first, so that its answers go out together. A steady stream of it
// would keep frames from being read: after maxSkips rounds without a read
// comes one that mail does not end, of napTime at most.
const (
	maxSkips = 16
	napTime  = time.Millisecond
)

// waits is how the loop waits for what there is to do.
type waits struct {
	skips int // rounds in a row without a read
	// polls says that the last wait was shorter than Config.BusyPoll, so that the next
	// one may be as well.
	polls bool
}

// receive waits for frames, mail or the next timer.
func (l *loop) receive(now time.Time) (int, error) {
	next := l.timers.next()
	if overdue := !next.IsZero() && !next.After(time.Now()); l.poller != nil && (l.more || overdue) {
		// Frames may say that what is overdue need not be done.
		l.waits.skips = 0
		return l.poller.Poll(l.frames)
	}
	if n, err, done := l.busyPoll(now); done {
		return n, err
	}
	switch {
	case l.mail.sleep(now, next):
	case l.waits.skips < maxSkips:
		l.waits.skips++
		return 0, nil
	default:
		l.mail.nap(now.Add(napTime))
	}
	n, err := l.read()
	if most := l.stack.config.BusyPoll; most > 0 {
		l.waits.polls = time.Since(now) < most
	}
	return n, err
}

func (l *loop) read() (int, error) {
	l.waits.skips = 0
	n, err := l.link.ReadFrames(l.frames)
	l.mail.awake()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, err
}

// busyPoll looks for frames and mail for a while without going to sleep, from which it
// takes long to wake up. It reports false if there is still nothing to do.
func (l *loop) busyPoll(now time.Time) (n int, err error, done bool) {
	if !l.waits.polls || l.poller == nil {
		return 0, nil, false
	}
	until := now.Add(l.stack.config.BusyPoll)
	if next := l.timers.next(); !next.IsZero() && next.Before(until) {
		until = next
	}
	for {
		// Whoever uses the connections may have the same processor, and has just got
		// something to do.
		runtime.Gosched()
		if !l.mail.empty() {
			return 0, nil, false
		}
		n, err := l.poller.Poll(l.frames)
		if n > 0 || err != nil {
			l.waits.skips = 0
			return n, err, true
		}
		if !time.Now().Before(until) {
			return 0, nil, false
		}
	}
}
