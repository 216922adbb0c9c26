package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelSocket is a TCP socket of a host. It is non-blocking and waits in the runtime's poller, so that a deadline or
// the end of a context interrupts every wait.
type kernelSocket struct {
	*os.File
	raw syscall.RawConn
}

func newKernelSocket(h *Host, addr netip.Addr) (*kernelSocket, error) {
	family := unix.AF_INET6
	if addr.Is4() {
		family = unix.AF_INET
	}
	var fd int
	err := h.Do(func() (err error) {
		fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	return wrapSocket(fd)
}

// wrapSocket owns fd.
func wrapSocket(fd int) (*kernelSocket, error) {
	file := os.NewFile(uintptr(fd), "tcp")
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &kernelSocket{file, raw}, nil
}

// control calls fn with the descriptor; name is that of the system call, for the error.
func (s *kernelSocket) control(name string, fn func(fd int) error) error {
	var err error
	if controlErr := s.raw.Control(func(fd uintptr) { err = fn(int(fd)) }); controlErr != nil {
		return controlErr
	}
	return os.NewSyscallError(name, err)
}

func (s *kernelSocket) setOption(level, option, value int) error {
	return s.control("setsockopt", func(fd int) error { return unix.SetsockoptInt(fd, level, option, value) })
}

func (s *kernelSocket) bind(addr netip.AddrPort) error {
	if err := s.setOption(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	return s.control("bind", func(fd int) error { return unix.Bind(fd, sockaddr(addr)) })
}

func (s *kernelSocket) localAddr() (addr netip.AddrPort, err error) {
	err = s.control("getsockname", func(fd int) error {
		sa, err := unix.Getsockname(fd)
		addr = addrPort(sa)
		return err
	})
	return addr, err
}

// connect begins a three-way handshake, which a Write waits for.
func (s *kernelSocket) connect(remote netip.AddrPort) error {
	return s.control("connect", func(fd int) error {
		if err := unix.Connect(fd, sockaddr(remote)); !errors.Is(err, unix.EINPROGRESS) {
			return err
		}
		return nil
	})
}

// connected waits until the handshake is over: a shutdown before would give the connection up.
func (s *kernelSocket) connected() error {
	var failed error
	err := s.raw.Write(func(fd uintptr) bool {
		_, err := unix.Getpeername(int(fd))
		if !errors.Is(err, unix.ENOTCONN) {
			failed = os.NewSyscallError("getpeername", err)
			return true
		}
		errno, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		switch {
		case err != nil:
			failed = os.NewSyscallError("getsockopt", err)
		case errno != 0:
			failed = os.NewSyscallError("connect", syscall.Errno(errno))
		}
		return failed != nil
	})
	return errors.Join(err, failed)
}

// shutdown ends the sending side.
func (s *kernelSocket) shutdown() error {
	return s.control("shutdown", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

// interrupt ends all waits on the socket at the end of ctx. The caller calls stop when it is done with the socket.
func (s *kernelSocket) interrupt(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { s.SetDeadline(time.Unix(1, 0)) })
}

func sockaddr(addr netip.AddrPort) unix.Sockaddr {
	if addr.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	}
	return &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port())}
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// ended adds the reason of ctx to the error of a wait that the end of ctx interrupted.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
