package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	backlog           = 128
	defaultMaxPending = 16
	requestSize       = 64 << 10
)

// KernelServer is a TCP server on Linux's own stack, with Fast Open.
type KernelServer struct {
	cfg    KernelServerConfig
	host   *Host
	socket *kernelSocket
	addr   netip.AddrPort
	log    *slog.Logger
	closed atomic.Bool

	mu      sync.Mutex
	serving map[*kernelSocket]bool // the connections
}

// ListenKernel opens a kernel server on a host and sets the host's net.ipv4.tcp_fastopen (which rules IPv6 too) to
// client and server. Connections are accepted by the kernel from then on, and answered by Serve.
func ListenKernel(h *Host, cfg KernelServerConfig) (*KernelServer, error) {
	s := &KernelServer{cfg: cfg, host: h, log: cfg.Logger, serving: make(map[*kernelSocket]bool)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := cfg.setFastOpen(h); err != nil {
		return nil, err
	}
	socket, err := newKernelSocket(h, cfg.Listen.Addr())
	if err != nil {
		return nil, err
	}
	s.socket = socket
	if err := s.listen(); err != nil {
		socket.Close()
		return nil, fmt.Errorf("lab: %s: kernel server on %s: %w", h.Name, cfg.Listen, err)
	}
	return s, nil
}

// setFastOpen sets the host's own settings.
func (c *KernelServerConfig) setFastOpen(h *Host) error {
	if c.MaxPending < 0 {
		return nil
	}
	if err := h.Sysctl("net.ipv4.tcp_fastopen", "3"); err != nil {
		return err
	}
	if c.Key == "" {
		return nil
	}
	return h.Sysctl("net.ipv4.tcp_fastopen_key", c.Key)
}

// setPending sets what the listening socket is to know of Fast Open.
func (c *KernelServerConfig) setPending(fd int) error {
	if c.MaxPending < 0 {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, cmp.Or(c.MaxPending, defaultMaxPending))
}

// ListenKernelNet opens a listening socket as ListenKernel does, for a program that accepts and answers by itself. Of
// the configuration it takes Listen, Key and MaxPending.
func ListenKernelNet(ctx context.Context, h *Host, cfg KernelServerConfig) (ln net.Listener, err error) {
	if err := cfg.setFastOpen(h); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		controlErr := raw.Control(func(fd uintptr) { err = cfg.setPending(int(fd)) })
		return errors.Join(controlErr, os.NewSyscallError("setsockopt", err))
	}}
	err = h.Do(func() (err error) {
		ln, err = lc.Listen(ctx, "tcp", cfg.Listen.String())
		return err
	})
	return ln, err
}

func (s *KernelServer) listen() (err error) {
	if err := s.socket.bind(s.cfg.Listen); err != nil {
		return err
	}
	if err := s.socket.control("setsockopt", s.cfg.setPending); err != nil {
		return err
	}
	if err := s.socket.control("listen", func(fd int) error { return unix.Listen(fd, backlog) }); err != nil {
		return err
	}
	s.addr, err = s.socket.localAddr()
	return err
}

// Addr returns the address that the server listens on.
func (s *KernelServer) Addr() netip.AddrPort { return s.addr }

// Close closes the listening socket: Serve returns net.ErrClosed, connections that it serves go on. A second Close is harmless.
func (s *KernelServer) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.socket.Close()
}

// Serve answers connections until ctx ends, which is no error, or the server is closed, and returns when all of its
// connections are done. Each is read once, answered, ended, drained and closed.
func (s *KernelServer) Serve(ctx context.Context) error {
	var connections sync.WaitGroup
	defer connections.Wait()
	defer s.socket.interrupt(ctx)()
	for {
		conn, remote, err := s.accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case err != nil && s.closed.Load():
			return net.ErrClosed
		case err != nil:
			return fmt.Errorf("lab: %s: kernel server: %w", s.host.Name, err)
		}
		s.enter(conn)
		connections.Go(func() {
			defer s.leave(conn)
			if err := s.answer(ctx, conn, remote); err != nil {
				s.log.Warn("kernel server", "remote", remote, "err", err)
			}
		})
	}
}

func (s *KernelServer) enter(conn *kernelSocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving[conn] = true
}

func (s *KernelServer) leave(conn *kernelSocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.serving, conn)
	conn.Close()
}

func (s *KernelServer) accept() (conn *kernelSocket, remote netip.AddrPort, err error) {
	var fd int
	var from unix.Sockaddr
	waitErr := s.socket.raw.Read(func(listener uintptr) bool {
		for {
			fd, from, err = unix.Accept4(int(listener), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			// A client that gave up in the queue is no error of the server.
			if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ECONNABORTED) {
				return !errors.Is(err, unix.EAGAIN)
			}
		}
	})
	if err := errors.Join(waitErr, os.NewSyscallError("accept", err)); err != nil {
		return nil, remote, err
	}
	conn, err = wrapSocket(fd)
	return conn, addrPort(from), err
}

func (s *KernelServer) answer(ctx context.Context, conn *kernelSocket, remote netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.cfg.Timeout, DefaultTimeout))
	defer cancel()
	defer conn.interrupt(ctx)()
	if err := s.converse(conn, remote); err != nil {
		return ended(ctx, err)
	}
	return nil
}

func (s *KernelServer) converse(conn *kernelSocket, remote netip.AddrPort) error {
	request := make([]byte, requestSize)
	n, err := io.ReadAtLeast(conn, request, max(s.cfg.Await, 1))
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if err := s.reply(conn, remote, request[:n]); err != nil {
		return err
	}
	if err := conn.shutdown(); err != nil {
		return err
	}
	// Closing with unread data would send a reset, and the client could lose the reply.
	_, err = io.Copy(io.Discard, conn)
	return err
}

func (s *KernelServer) reply(conn *kernelSocket, remote netip.AddrPort, request []byte) error {
	if s.cfg.Reply == nil {
		return nil
	}
	answer := s.cfg.Reply(remote, request)
	if s.cfg.AwaitEnd {
		if _, err := io.Copy(io.Discard, conn); err != nil {
			return err
		}
	}
	_, err := conn.Write(answer)
	return err
}
