package link

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

const threadNamespace = "/proc/thread-self/ns/net"

// A namespace is a network namespace that one can come back to.
type namespace struct{ file *os.File }

// currentNamespace returns that of the calling thread.
func currentNamespace() (namespace, error) {
	file, err := os.Open(threadNamespace)
	return namespace{file}, err
}

// isHere reports whether the calling thread is in the namespace.
func (n namespace) isHere() (bool, error) {
	want, err := n.file.Stat()
	if err != nil {
		return false, err
	}
	got, err := os.Stat(threadNamespace)
	return err == nil && os.SameFile(want, got), err
}

// do runs f on another thread that is in the namespace.
func (n namespace) do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that nobody else
		// finds himself in the namespace.
		runtime.LockOSThread()
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- os.NewSyscallError("setns", err)
			return
		}
		done <- f()
	}()
	return <-done
}
