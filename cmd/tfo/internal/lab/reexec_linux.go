package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// killDelay is how long a cancelled program has to clean up before it is killed.
const killDelay = 5 * time.Second

// Reexec gives a program that may not make network namespaces a user namespace in which it may. If the caller has the
// power already, Reexec returns done == false and no error, and the caller goes on. Otherwise it runs this program
// again with the given arguments (without the program's name), as root of a new user namespace and in a new, empty
// network namespace, waits for it, and returns done == true with its exit code, 128 + N after signal N. The error
// wraps [ErrForbidden] when the kernel does not allow that.
//
// The new process dies with this one, however that dies. When ctx ends it gets SIGTERM, and SIGKILL if that does not
// help, so a caller that turns signals into the end of ctx passes them on. The keyboard's signals reach both processes.
//
// Reexec is for the start of a command, before it has side effects.
func Reexec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int, done bool, err error) {
	cause := tryNamespace()
	if cause == nil {
		return 0, false, nil
	}
	if os.Getenv(inUserNamespace) != "" {
		return 0, true, refused("network namespace", cause)
	}
	cmd := userNamespaceCommand(ctx, args)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	code, err = runLocked(cmd)
	return code, true, err
}

// Check tells whether New, with the help of Reexec, can make a lab on this machine. It leaves nothing behind.
// The error is the one that they would return.
func Check() error {
	if tryNamespace() == nil {
		return nil
	}
	// The path is no program: exec fails after the kernel has made the namespaces and before anything runs in them.
	cmd := userNamespaceCommand(context.Background(), nil)
	cmd.Path = "/proc/self/exe/none"
	err := cmd.Start()
	if errors.Is(err, unix.ENOTDIR) {
		return checkAppArmor()
	}
	return refused("user namespace", err)
}

// checkAppArmor finds the one refusal that comes after the namespace is made: AppArmor takes its capabilities away,
// unless a profile of its own lets this program have them.
func checkAppArmor() error {
	if readProc(os.DirFS("/proc"), "sys/kernel/apparmor_restrict_unprivileged_userns") != "1" ||
		readProc(os.DirFS("/proc"), "self/attr/current") != "unconfined" {
		return nil
	}
	return refused("network namespace", unix.EPERM)
}

// tryNamespace makes a network namespace and drops it again, and looks for the capabilities to use one.
func tryNamespace() error {
	result := make(chan error, 1)
	go onOwnThread(func() {
		err := checkCapabilities()
		if err == nil {
			err = unix.Unshare(unix.CLONE_NEWNET)
		}
		result <- err
	})
	return <-result
}

// checkCapabilities looks at the calling thread: CAP_SYS_ADMIN makes a namespace, CAP_NET_ADMIN sets its interfaces
// up, CAP_NET_RAW opens the sockets that a lab is for.
func checkCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW
	if data[0].Effective&need != need {
		return unix.EPERM
	}
	return nil
}

// userNamespaceCommand is this program as root of a user namespace. The network namespace keeps its sockets off the
// machine's interfaces even where the program forgets to enter a host. It shares mounts and process ids with the
// machine: a lab mounts nothing, and what it starts dies with it without a pid namespace.
func userNamespaceCommand(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inUserNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	return cmd
}

// runLocked runs cmd to its end on one thread: Pdeathsig is sent when the thread that forked ends, not the process.
func runLocked(cmd *exec.Cmd) (code int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, refused("user namespace", err)
	}
	err = cmd.Wait()
	if cmd.ProcessState == nil {
		return 0, fmt.Errorf("lab: wait for user namespace: %w", err)
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}
