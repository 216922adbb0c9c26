package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
)

// An e2eKernelServer is a server on Linux's own TCP that keeps every byte it
// gets, so that a test can tell whether data came once, twice or not at all.
type e2eKernelServer struct {
	listener net.Listener
	serving  sync.WaitGroup
	mu       sync.Mutex
	requests []string
}

// e2eKernelServe listens on a host. Each connection is read until the client
// closes its side, answered and closed. fastOpen sets the host's sysctl for
// client and server and the option of the socket; the key is e2eKey.
func e2eKernelServe(t *testing.T, host *lab.Host, addr netip.AddrPort, fastOpen bool, reply string) *e2eKernelServer {
	t.Helper()
	s := &e2eKernelServer{listener: e2eKernelListen(t, host, addr, fastOpen)}
	s.serving.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(t, c, reply) })
		}
	})
	t.Cleanup(s.close)
	return s
}

// e2eKernelListen opens a listening socket of the kernel.
func e2eKernelListen(t *testing.T, host *lab.Host, addr netip.AddrPort, fastOpen bool) net.Listener {
	t.Helper()
	if fastOpen {
		for name, value := range map[string]string{"net.ipv4.tcp_fastopen": "3", "net.ipv4.tcp_fastopen_key": e2eKey} {
			if err := host.Sysctl(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if !fastOpen {
			return nil
		}
		controlErr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 64) })
		if err == nil {
			err = controlErr
		}
		return err
	}}
	config.SetMultipathTCP(false)
	for deadline := time.Now().Add(e2ePatience); ; {
		var listener net.Listener
		err := host.Do(func() (err error) {
			listener, err = config.Listen(context.Background(), "tcp", addr.String())
			return err
		})
		switch {
		case err == nil:
			t.Cleanup(func() { listener.Close() })
			return listener
		case e2eHeldPort(err.Error()) && time.Now().Before(deadline):
			time.Sleep(time.Millisecond)
		default:
			t.Fatal(err)
		}
	}
}

func (s *e2eKernelServer) serve(t *testing.T, c net.Conn, reply string) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(e2ePatience))
	request, err := io.ReadAll(c)
	s.mu.Lock()
	s.requests = append(s.requests, string(request))
	s.mu.Unlock()
	if err == nil {
		_, err = io.WriteString(c, reply)
	}
	if err != nil {
		t.Errorf("kernel server: %v", err)
	}
}

// close ends the server and waits for its connections.
func (s *e2eKernelServer) close() {
	s.listener.Close()
	s.serving.Wait()
}

// take returns the requests since the last call.
func (s *e2eKernelServer) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.requests
	s.requests = nil
	return taken
}

// wantOnce fails the test unless exactly this request has come since the last
// call, once.
func (s *e2eKernelServer) wantOnce(t *testing.T, request string) {
	t.Helper()
	if got := s.take(); len(got) != 1 || got[0] != request {
		t.Errorf("the server got %d requests, %.200q, want one, %.200q", len(got), strings.Join(got, "|"), request)
	}
}

// tcpFastopenConnect is TCP_FASTOPEN_CONNECT of linux/tcp.h: the first write
// goes into the SYN if the kernel has a cookie.
const tcpFastopenConnect = 30

// e2eKernelDial connects with Linux's own TCP, with Fast Open.
func e2eKernelDial(t *testing.T, host *lab.Host, addr netip.AddrPort) *net.TCPConn {
	t.Helper()
	dialer := net.Dialer{Timeout: e2ePatience, Control: func(_, _ string, c syscall.RawConn) (err error) {
		controlErr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, tcpFastopenConnect, 1) })
		if err == nil {
			err = controlErr
		}
		return err
	}}
	dialer.SetMultipathTCP(false)
	var conn net.Conn
	err := host.Do(func() (err error) {
		conn, err = dialer.Dial("tcp", addr.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(e2ePatience))
	return conn.(*net.TCPConn)
}

// e2eCounter reads a counter of a host's kernel.
func e2eCounter(t *testing.T, host *lab.Host, name string) uint64 {
	t.Helper()
	n, err := host.Counter(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// e2eSh runs a shell script on a host and returns its output.
func e2eSh(t *testing.T, host *lab.Host, script string) string {
	t.Helper()
	out, err := host.Command(t.Context(), "/bin/sh", "-ec", script)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return string(out)
}

// e2eSendAll sends a request through the kernel, ends it, and returns the reply.
func e2eSendAll(t *testing.T, c *net.TCPConn, request string) (reply string) {
	t.Helper()
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := io.WriteString(c, request); err != nil {
			t.Errorf("kernel client: %v", err)
		}
		// Linux takes a shutdown of a socket in SYN-SENT for a disconnect.
		e2eTCPInfo(t, c, func(info *unix.TCPInfo) bool { return info.State != unix.BPF_TCP_SYN_SENT })
		if err := c.CloseWrite(); err != nil {
			t.Errorf("kernel client: %v", err)
		}
	})
	b, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("kernel client: %v", err)
	}
	sending.Wait()
	return string(b)
}

// e2eTCPInfo returns what the kernel says of a connection once enough is true;
// it asks whenever the socket becomes writable.
func e2eTCPInfo(t *testing.T, c *net.TCPConn, enough func(*unix.TCPInfo) bool) (info *unix.TCPInfo) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Error(err)
		return nil
	}
	waitErr := raw.Write(func(fd uintptr) bool {
		info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		return err != nil || enough(info)
	})
	if err := errors.Join(err, waitErr); err != nil {
		t.Errorf("TCP_INFO: %v", err)
	}
	return info
}

// e2eSynDataAcked asks the kernel whether all data of the SYN was acknowledged.
func e2eSynDataAcked(t *testing.T, c *net.TCPConn) bool {
	t.Helper()
	const tcpiOptSynData = 32
	info := e2eTCPInfo(t, c, func(*unix.TCPInfo) bool { return true })
	return info != nil && info.Options&tcpiOptSynData != 0
}

// e2eForgetMetrics makes a host's kernel forget the cookies that it knows.
func e2eForgetMetrics(t *testing.T, host *lab.Host) {
	t.Helper()
	if out := e2eSh(t, host, "ip tcp_metrics flush 2>&1 || true"); strings.Contains(out, "not permitted") {
		t.Skip("needs CAP_NET_ADMIN in the machine's own user namespace to flush tcp_metrics")
	} else if out != "" {
		t.Fatalf("ip tcp_metrics flush: %s", out)
	}
}
