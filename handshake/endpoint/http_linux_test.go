package endpoint_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/handshake/endpoint"
)

// dialer dials by the host's kernel. Only the socket is made on the host's thread,
// so that many dials are under way at a time.
func (h *host) dialer() dialFunc {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		remote, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, err
		}
		domain, to := unix.AF_INET, unix.Sockaddr(nil)
		if remote.Addr().Is4() {
			to = &unix.SockaddrInet4{Port: int(remote.Port()), Addr: remote.Addr().As4()}
		} else {
			domain, to = unix.AF_INET6, &unix.SockaddrInet6{Port: int(remote.Port()), Addr: remote.Addr().As16()}
		}
		var fd int
		h.Do(func() (err error) {
			fd, err = unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
			return err
		})
		f := os.NewFile(uintptr(fd), address)
		defer f.Close()
		f.SetWriteDeadline(time.Now().Add(30 * time.Second))
		if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
			return nil, os.NewSyscallError("connect", err)
		}
		if err := connected(f); err != nil {
			return nil, os.NewSyscallError("connect", err)
		}
		return net.FileConn(f)
	}
}

// connected waits for the end of a connect.
func connected(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed int
	waitErr := raw.Write(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, err := unix.Poll(poll, 0); n == 0 && err == nil {
			return false
		}
		failed, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		return true
	})
	if err = errors.Join(waitErr, err); err == nil && failed != 0 {
		err = unix.Errno(failed)
	}
	return err
}

// net/http over our stack on one side and the kernel's on the other, 8 MiB each
// way.
func TestHTTPKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	ours := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
	for _, v := range httpVariants {
		var cert *tls.Certificate
		scheme := "http://"
		if v.secure {
			cert, scheme = certificate(t), "https://"
		}
		t.Run("our server, "+v.name, func(t *testing.T) {
			lc := endpoint.ListenConfig{Stack: s, Machine: linger}
			ln, err := lc.Listen(t.Context(), "tcp", ":80")
			if err != nil {
				t.Fatal(err)
			}
			web := &site{}
			web.serve(t, ln, cert)
			client := browser(t, far.dialer(), cert)
			client.Timeout = time.Minute
			for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
				exchangeFiles(t, client, scheme+address, 8<<20, v.proto)
			}
			if got := web.connections.Load(); got != 2 {
				t.Errorf("%d connections for 4 requests to 2 addresses, want 2", got)
			}
		})
		t.Run("our client, "+v.name, func(t *testing.T) {
			for _, address := range []string{address4, address6} {
				web := &site{}
				web.serve(t, far.listen(t, address), cert)
				client := browser(t, dialWith(ours), cert)
				client.Timeout = time.Minute
				exchangeFiles(t, client, scheme+address, 8<<20, v.proto)
				if got := web.connections.Load(); got != 1 {
					t.Errorf("%s: %d connections for 2 requests, want 1", address, got)
				}
			}
		})
	}
}
