package lab

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// errGoexit is what a caller gets whose function ended its goroutine instead of returning.
var errGoexit = errors.New("the function ended its goroutine")

// namespace is a network namespace that lives as long as the thread that made it.
type namespace struct {
	fd   int // for setns
	tid  int // the thread that made it, on which do runs
	jobs chan func()

	ctx     context.Context // ends with close
	cancel  context.CancelFunc
	mu      sync.Mutex // orders threads.Add before threads.Wait
	threads sync.WaitGroup
}

func newNamespace() (*namespace, error) {
	n := &namespace{fd: -1, jobs: make(chan func())}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	ready := make(chan error, 1)
	n.threads.Add(1)
	go onOwnThread(func() {
		defer n.threads.Done()
		defer n.cancel()
		err := n.create()
		ready <- err
		if err == nil {
			n.work()
		}
	})
	if err := <-ready; err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// create moves the calling thread into a namespace of its own.
func (n *namespace) create() (err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	n.tid = unix.Gettid()
	n.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return err
}

func (n *namespace) work() {
	for {
		select {
		case job := <-n.jobs:
			job()
		case <-n.ctx.Done():
			return
		}
	}
}

func (n *namespace) do(fn func() error) error {
	if n == nil {
		return net.ErrClosed
	}
	// Once the worker has ended, its thread's number may be that of another thread.
	if n.ctx.Err() != nil {
		return net.ErrClosed
	}
	// Only the worker runs on its thread, so a call from that thread comes out of a job: queueing would wait forever.
	if unix.Gettid() == n.tid {
		return fn()
	}
	done := make(chan error, 1)
	job := func() {
		err := errGoexit
		defer func() { done <- err }()
		err = fn()
	}
	select {
	case n.jobs <- job:
		return <-done
	case <-n.ctx.Done():
		return net.ErrClosed
	}
}

func (n *namespace) run(ctx context.Context, fn func(ctx context.Context) error) (wait func() error) {
	if !n.hold() {
		return func() error { return net.ErrClosed }
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(n.ctx, cancel)
	err := errGoexit
	done := make(chan struct{})
	go onOwnThread(func() {
		defer n.threads.Done()
		defer close(done)
		defer cancel()
		defer stop()
		if err = unix.Setns(n.fd, unix.CLONE_NEWNET); err == nil {
			err = errGoexit
			err = fn(ctx)
		}
	})
	return func() error {
		<-done
		return err
	}
}

// hold counts one more thread for close to wait for, unless the namespace is closed.
func (n *namespace) hold() bool {
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	n.threads.Add(1)
	return true
}

// start forks on the worker's thread: the child inherits its namespace, and the death of that very thread kills it.
func (n *namespace) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return n.do(cmd.Start)
}

func (n *namespace) close() {
	if n == nil {
		return
	}
	n.mu.Lock()
	n.cancel()
	n.mu.Unlock()
	n.threads.Wait()
	if n.fd >= 0 {
		unix.Close(n.fd)
	}
}

// onOwnThread runs f, which may change the namespaces of its thread. The thread is never unlocked, so that the
// runtime ends it together with the goroutine. The first thread of the process is spared: it cannot end, and its
// namespaces pass for those of the process in /proc.
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
