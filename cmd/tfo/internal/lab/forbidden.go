package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// setting is a value in /proc that forbids namespaces, the errors by which it does so, and what allows them again.
type setting struct {
	name, path, forbids string
	errs                []error
	cure                string
}

// settings lists what distributions and containers forbid namespaces with, in the order in which the kernel asks.
func settings() []setting {
	limit := []error{syscall.ENOSPC, syscall.EUSERS}
	denied := []error{syscall.EPERM, syscall.EACCES}
	return []setting{
		{"user.max_user_namespaces", "sys/user/max_user_namespaces", "0", limit,
			`run "sysctl -w user.max_user_namespaces=15000" as root`},
		{"user.max_net_namespaces", "sys/user/max_net_namespaces", "0", limit,
			`run "sysctl -w user.max_net_namespaces=15000" as root`},
		// Debian's own, before Debian 11 off by default.
		{"kernel.unprivileged_userns_clone", "sys/kernel/unprivileged_userns_clone", "0", denied,
			`run "sysctl -w kernel.unprivileged_userns_clone=1" as root`},
		// Ubuntu since 24.04: the namespace is made, but without capabilities.
		{"kernel.apparmor_restrict_unprivileged_userns", "sys/kernel/apparmor_restrict_unprivileged_userns", "1", denied,
			`run "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" as root`},
	}
}

// Diagnose says what forbids a namespace, given the error of clone, unshare or setns: the setting of this machine and
// the command that changes it, as words that go on from "forbidden by". It returns "" for an error of any other kind.
func Diagnose(err error) string {
	return diagnose(os.DirFS("/proc"), err)
}

func diagnose(proc fs.FS, err error) string {
	known := false
	for _, s := range settings() {
		if !slices.ContainsFunc(s.errs, func(e error) bool { return errors.Is(err, e) }) {
			continue
		}
		known = true
		if readProc(proc, s.path) == s.forbids {
			return fmt.Sprintf("%s=%s; %s", s.name, s.forbids, s.cure)
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EUSERS):
		return fmt.Sprintf("a limit that is reached (user.max_user_namespaces=%s, user.max_net_namespaces=%s, "+
			"or one of an outer container); raise it with sysctl as root",
			readProc(proc, "sys/user/max_user_namespaces"), readProc(proc, "sys/user/max_net_namespaces"))
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS):
		return "a kernel or container without namespaces (CONFIG_USER_NS, CONFIG_NET_NS); run as root outside the container"
	case known && hasSeccompFilter(proc):
		return "a seccomp filter, as in a container; start the container with --privileged or " +
			"--security-opt seccomp=unconfined, or run as root outside"
	case known:
		return "a security module, a chroot or a missing capability; run as root"
	}
	return ""
}

// readProc returns "" for what is not there or not readable.
func readProc(proc fs.FS, path string) string {
	b, err := fs.ReadFile(proc, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func hasSeccompFilter(proc fs.FS) bool {
	for line := range strings.Lines(readProc(proc, "self/status")) {
		if mode, ok := strings.CutPrefix(line, "Seccomp:"); ok {
			return strings.TrimSpace(mode) == "2"
		}
	}
	return false
}

// refused wraps the error of a system call that was to make something, with ErrForbidden and the reason if that is known.
func refused(what string, err error) error {
	reason := Diagnose(err)
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = errno
	}
	if reason == "" {
		return fmt.Errorf("lab: new %s: %w", what, err)
	}
	return fmt.Errorf("lab: new %s: %w by %s (%w)", what, ErrForbidden, reason, err)
}
