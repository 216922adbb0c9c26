package iptables

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// threadNetNS is the network namespace of the thread that opens it.
const threadNetNS = "/proc/thread-self/ns/net"

// namespace holds on to a network namespace.
type namespace struct{ file *os.File }

func currentNamespace() (*namespace, error) {
	f, err := os.Open(threadNetNS)
	if err != nil {
		return nil, fmt.Errorf("iptables: network namespace: %w", err)
	}
	return &namespace{file: f}, nil
}

func (n *namespace) close() error { return n.file.Close() }

// do runs fn in the namespace: on the calling thread if that is in it, and otherwise on
// a thread that ends with fn, while the caller waits.
func (n *namespace) do(fn func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	inside, err := n.current()
	if err != nil {
		return err
	}
	if inside {
		return fn()
	}
	done := make(chan error)
	go func() {
		// Never unlocked: the thread does not go back to the pool.
		runtime.LockOSThread()
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("iptables: entering the guard's network namespace: %w", err)
			return
		}
		done <- fn()
	}()
	return <-done
}

// current reports whether the calling thread is in the namespace.
func (n *namespace) current() (bool, error) {
	here, err := os.Stat(threadNetNS)
	if err != nil {
		return false, fmt.Errorf("iptables: network namespace: %w", err)
	}
	there, err := n.file.Stat()
	if err != nil {
		return false, fmt.Errorf("iptables: network namespace: %w", err)
	}
	return os.SameFile(here, there), nil
}
