package endpoint

import (
	"time"

	"tfocraft/handshake"
)

// insert makes a connection known to the loop. It reports false if there is
// one with these addresses and ports.
func (l *loop) insert(c *Conn) bool {
	if l.conns.get(tuple{c.local, c.remote}) != nil {
		return false
	}
	l.conns.put(c)
	return true
}

// remove forgets a connection that has ended.
func (l *loop) remove(now time.Time, c *Conn, from handshake.State, err error) {
	l.conns.remove(c)
	l.timers.drop(c)
	l.timers.trim()
	l.spares.add(c)
	l.counters.ended(c, from, err)
	c.end(errno(err))
	l.stack.drop(c.claim)
	if c.listener == nil {
		l.dialEnded(c)
	} else {
		l.leaveListener(now, c, err)
	}
	l.checkIdle()
}

// drain closes all listeners and connections; idle is closed when the last
// connection is gone.
func (l *loop) drain(now time.Time, idle chan struct{}) {
	l.draining = true
	l.idle = append(l.idle, idle)
	l.closeListeners(now)
	l.expireHandled(now)
	for c := range l.conns.all() {
		c.mu.Lock()
		c.markClosed()
		c.mu.Unlock()
		l.attend(now, c)
	}
	l.checkIdle()
}

func (l *loop) checkIdle() {
	if l.conns.n > 0 {
		return
	}
	for _, idle := range l.idle {
		close(idle)
	}
	l.idle = nil
}

// stop resets what is left and ends the loop.
func (l *loop) stop(now time.Time) {
	l.closeListeners(now)
	for c := range l.conns.all() {
		l.abort(now, c)
	}
	l.stopped = true
}

// endAll tells the applications that the loop has ended. Connections are left
// only if the link has failed.
func (l *loop) endAll(err error) {
	for _, ln := range l.listeners {
		if ln.stop(err) {
			l.stack.drop(ln.claim)
		}
	}
	for c := range l.conns.all() {
		c.mu.Lock()
		c.end(err)
		l.dialEnded(c)
		c.mu.Unlock()
		l.stack.drop(c.claim)
	}
}
