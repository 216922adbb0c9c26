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
	go onOwnThread(func() {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("iptables: entering the guard's network namespace: %w", err)
			return
		}
		done <- fn()
	})
	return <-done
}

// onOwnThread runs f, which may change the namespace of its thread: the thread is never
// unlocked, and so ends with the goroutine. The first thread of the process is spared: it
// cannot end, and /proc shows its namespace as that of the process.
func onOwnThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	// While this goroutine keeps the first thread, the next one cannot get it.
	locked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(locked)
		f()
	}()
	<-locked
	runtime.UnlockOSThread()
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
