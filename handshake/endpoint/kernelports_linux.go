package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tfocraft/wire/link"
)

// KernelPorts reserves ports with the kernel, by sockets that are bound and do
// not listen: the kernel then gives the port to nobody else, and fails for one
// that somebody has. It does not keep the kernel from answering; that is what a
// [Guard] is for.
//
// It belongs to the network namespace of the thread that opened it and may be
// used from any goroutine. From a thread in another namespace it has to enter
// its own, which takes CAP_SYS_ADMIN.
type KernelPorts struct {
	namespace *os.File
	ephemeral link.PortRange
}

var _ Ports = (*KernelPorts)(nil)

// threadNamespace is the network namespace of the calling thread.
const threadNamespace = "/proc/thread-self/ns/net"

// OpenKernelPorts opens the network namespace of the calling thread. It needs
// no privilege.
func OpenKernelPorts() (*KernelPorts, error) {
	f, err := os.Open(threadNamespace)
	if err != nil {
		return nil, fmt.Errorf("endpoint: network namespace: %w", err)
	}
	return &KernelPorts{namespace: f, ephemeral: kernelEphemeral()}, nil
}

// kernelEphemeral reads the range of the calling thread's namespace; without
// one that can be read it is the default.
func kernelEphemeral() link.PortRange {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return defaultEphemeral
	}
	fields := strings.Fields(string(b))
	if len(fields) != 2 {
		return defaultEphemeral
	}
	first, err1 := strconv.ParseUint(fields[0], 10, 16)
	last, err2 := strconv.ParseUint(fields[1], 10, 16)
	if err1 != nil || err2 != nil || first == 0 || first > last {
		return defaultEphemeral
	}
	return link.PortRange{First: uint16(first), Last: uint16(last)}
}

// Ephemeral returns where the kernel takes ports from that nobody asks for by
// number.
func (k *KernelPorts) Ephemeral() link.PortRange { return k.ephemeral }

// Close ends the use of k. Reservations stay until they are released.
func (k *KernelPorts) Close() error { return k.namespace.Close() }

// Reserve implements [Ports]. An address that is not the host's needs no
// reservation, nor does one of a family that the host does not have.
func (k *KernelPorts) Reserve(local netip.AddrPort) (release func() error, err error) {
	fd := -1
	err = k.inNamespace(func() error {
		var err error
		fd, err = bind(local)
		return err
	})
	switch {
	case err == nil:
		return func() error { return unix.Close(fd) }, nil
	case errors.Is(err, unix.EADDRNOTAVAIL), errors.Is(err, unix.EAFNOSUPPORT):
		return func() error { return nil }, nil
	case errors.Is(err, unix.EACCES):
		return nil, fmt.Errorf("ports below 1024 need CAP_NET_BIND_SERVICE: %w", err)
	}
	return nil, err
}

// bind returns a socket that has the port.
func bind(local netip.AddrPort) (int, error) {
	family, sa, err := sockaddr(local)
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if family == unix.AF_INET6 {
		// IPv4 is reserved by itself.
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil {
		err = unix.Bind(fd, sa)
	}
	if err != nil {
		unix.Close(fd)
		return -1, os.NewSyscallError("bind", err)
	}
	return fd, nil
}

func sockaddr(local netip.AddrPort) (family int, sa unix.Sockaddr, err error) {
	addr, port := local.Addr(), int(local.Port())
	if addr.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: addr.As4()}, nil
	}
	sa6 := &unix.SockaddrInet6{Port: port, Addr: addr.As16()}
	if addr.Zone() != "" {
		ifi, err := net.InterfaceByName(addr.Zone())
		if err != nil {
			return 0, nil, err
		}
		sa6.ZoneId = uint32(ifi.Index)
	}
	return unix.AF_INET6, sa6, nil
}

// inNamespace runs f on a thread in the namespace of k.
func (k *KernelPorts) inNamespace(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := k.isHere()
	if err != nil {
		return err
	}
	if here {
		return f()
	}
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that nobody
		// else finds himself in the namespace.
		runtime.LockOSThread()
		if err := unix.Setns(int(k.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- os.NewSyscallError("setns", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// isHere reports whether the calling thread is in the namespace of k.
func (k *KernelPorts) isHere() (bool, error) {
	want, err := k.namespace.Stat()
	if err != nil {
		return false, err
	}
	got, err := os.Stat(threadNamespace)
	if err != nil {
		return false, err
	}
	return os.SameFile(want, got), nil
}
