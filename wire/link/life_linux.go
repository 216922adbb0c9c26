package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often an interface that went down is looked at.
const watchEvery = 250 * time.Millisecond

// A lifeline knows whether the interface of a link is still there. The kernel
// tells a packet socket once that its interface went down, and nothing more if
// the interface is removed afterwards, so a reader that has been told leaves
// somebody behind to look.
type lifeline struct {
	p        *Packet
	mu       sync.Mutex
	watching bool
	gone     bool
}

func (l *lifeline) init(p *Packet) { l.p = p }

// err returns the reason why the link cannot be read any more.
func (l *lifeline) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.p.closed.Load():
		return net.ErrClosed
	case l.gone:
		return fmt.Errorf("link: %s: %w", l.p.name, ErrGone)
	}
	return nil
}

// readError judges an error of the socket; nil means to go on reading.
func (l *lifeline) readError(err error) error {
	if final := l.err(); final != nil {
		return final
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	case errors.Is(err, unix.ENETDOWN):
		l.watch()
		return nil
	}
	return fmt.Errorf("link: %s: receive: %w", l.p.name, err)
}

func (l *lifeline) watch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.watching {
		l.watching = true
		go l.look()
	}
}

// look ends when the interface is up again, has gone, or the link is closed.
func (l *lifeline) look() {
	for l.inspect() {
		time.Sleep(watchEvery)
	}
}

func (l *lifeline) inspect() (again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	up, there, err := l.p.state()
	if err != nil || up {
		l.watching = false
		return false
	}
	if !there {
		l.gone = true
		l.watching = false
		// Wakes the reader, who then sees why.
		l.p.conn.SetReadDeadline(time.Unix(1, 0))
		return false
	}
	return true
}

func (l *lifeline) setReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.p.closed.Load() {
		return net.ErrClosed
	}
	if l.gone {
		return nil
	}
	return l.p.conn.SetReadDeadline(t)
}

// state asks the socket for its interface, which works in its own network
// namespace from any thread: a socket whose interface was removed has the
// index -1.
func (p *Packet) state() (up, there bool, err error) {
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return false, false, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		var sa unix.Sockaddr
		if sa, err = unix.Getsockname(int(fd)); err != nil {
			return
		}
		ll, ok := sa.(*unix.SockaddrLinklayer)
		if !ok || ll.Ifindex != p.index {
			return
		}
		there = true
		up = isUp(int(fd), p.index)
	})
	return up, there, errors.Join(err, controlErr)
}

// isUp looks the interface up by its number: it may have been renamed.
func isUp(fd, index int) bool {
	name, err := nameOf(fd, index)
	if err != nil {
		return false
	}
	req, err := unix.NewIfreq(name)
	if err != nil || unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req) != nil {
		return false
	}
	return req.Uint16()&unix.IFF_UP != 0
}

func nameOf(fd, index int) (string, error) {
	req, err := unix.NewIfreq("x")
	if err != nil {
		return "", err
	}
	req.SetUint32(uint32(index))
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFNAME, req); err != nil {
		return "", err
	}
	return req.Name(), nil
}
