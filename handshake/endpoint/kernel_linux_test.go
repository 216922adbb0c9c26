package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// linger keeps the tests' TIME-WAIT short.
var linger = handshake.Config{TimeWait: 50 * time.Millisecond}

// Our client and Linux's server, over a real interface: the second connection
// has its data taken from the SYN.
func TestDialKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	for _, address := range []string{address4, address6} {
		t.Run(address, func(t *testing.T) {
			ln := far.listen(t, address)
			go serveKernel(ln)
			d := dialTwice(t, s, address)
			// Several windows, with the kernel's large segments on the way back.
			c, err := d.DialContext(t.Context(), "tcp", address, nil)
			if err != nil {
				t.Fatal(err)
			}
			shout(t, c)
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// shout sends some megabytes, and wants them back in capitals.
func shout(t *testing.T, c interface {
	net.Conn
	CloseWrite() error
}) {
	t.Helper()
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	text := strings.Repeat("some text ", 200_000)
	go func() {
		c.Write([]byte(text))
		c.CloseWrite()
	}()
	if b, err := io.ReadAll(c); string(b) != strings.ToUpper(text) || err != nil {
		t.Errorf("got %d bytes, %v; want %d", len(b), err, len(text))
	}
}

// dialTwice connects to an echo: the first connection gets a cookie, the second
// one has its data taken from the SYN. It returns the dialer, which has the
// cookie.
func dialTwice(t *testing.T, s *endpoint.Stack, address string) *endpoint.Dialer {
	t.Helper()
	d := &endpoint.Dialer{Stack: s, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Machine: linger, Timeout: 10 * time.Second}
	for i, want := range []handshake.Outcome{handshake.CookieReceived, handshake.Accepted} {
		c, err := d.DialContext(t.Context(), "tcp", address, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if got := finish(t, c); got != "HELLO" {
			t.Errorf("connection %d: got %q, want %q", i+1, got, "HELLO")
		}
		if got := c.FastOpen(); got.Outcome != want {
			t.Errorf("connection %d: %s (%s), want %s", i+1, got.Outcome, got.Why, want)
		}
	}
	return d
}

// listen makes the host's kernel listen with Fast Open.
func (h *host) listen(t testing.TB, address string) net.Listener {
	t.Helper()
	var ln net.Listener
	h.Do(func() (err error) {
		lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
			if e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 16) }); e != nil {
				return e
			}
			return err
		}}
		ln, err = lc.Listen(t.Context(), "tcp", address)
		return err
	})
	t.Cleanup(func() { ln.Close() })
	return ln
}

func serveKernel(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if b, err := io.ReadAll(c); err == nil {
				c.Write([]byte(strings.ToUpper(string(b))))
			}
		}()
	}
}

// Linux's client and our server.
func TestListenKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	lc := endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}
	ln, err := lc.Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	go echo(ln)
	for i, remote := range []netip.AddrPort{netip.AddrPortFrom(client4, 80), netip.AddrPortFrom(client6, 80)} {
		for range 2 {
			if got, err := far.ask(remote, "hello"); got != "HELLO" || err != nil {
				t.Fatalf("%v: got %q, %v; want %q", remote, got, err, "HELLO")
			}
		}
		c := s.Counters()
		if c.TCPFastOpenCookieReqd != uint64(i+1) || c.TCPFastOpenPassive != uint64(i+1) {
			t.Errorf("%v: %d requests and %d cookies came, want %d and %d", remote, c.TCPFastOpenCookieReqd, c.TCPFastOpenPassive, i+1, i+1)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// Our server closes first and is in TIME-WAIT; Linux's client uses the same port
// again at once, and does not have to wait: C-97.
func TestTimeWaitKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	ln, err := (&endpoint.ListenConfig{Stack: s}).Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("bye"))
			c.Close()
		}
	}()
	for i := range 3 {
		far.Do(func() error {
			c, err := dialFrom(netip.AddrPortFrom(server4, 4000), netip.AddrPortFrom(client4, 80))
			if err != nil {
				return fmt.Errorf("connection %d: %w", i+1, err)
			}
			defer c.Close()
			if b, err := io.ReadAll(c); string(b) != "bye" || err != nil {
				return fmt.Errorf("connection %d: got %q, %w", i+1, b, err)
			}
			return nil
		})
	}
	if got := s.Counters().Ignored; got != 0 {
		t.Errorf("%d segments were ignored, want none", got)
	}
}

// dialFrom waits for the port until the last ACK of the connection before.
func dialFrom(source, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(source), Timeout: 10 * time.Second}
	for range 5000 {
		c, err := d.Dial("tcp", remote.String())
		if !errors.Is(err, unix.EADDRINUSE) {
			return c, err
		}
		time.Sleep(time.Millisecond)
	}
	return nil, unix.EADDRINUSE
}

// ask sends a request with MSG_FASTOPEN from the host's kernel and returns the
// response.
func (h *host) ask(remote netip.AddrPort, request string) (response string, err error) {
	h.t.Helper()
	h.Do(func() error {
		response, err = ask(remote, request)
		return nil
	})
	return response, err
}

func ask(remote netip.AddrPort, request string) (string, error) {
	family, to := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(remote.Port()), Addr: remote.Addr().As16()})
	if remote.Addr().Is4() {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(remote.Port()), Addr: remote.Addr().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	for _, option := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &unix.Timeval{Sec: 10}); err != nil {
			return "", err
		}
	}
	if err := unix.Sendto(fd, []byte(request), unix.MSG_FASTOPEN, to); err != nil {
		return "", fmt.Errorf("sendto: %w", err)
	}
	if err := unix.Shutdown(fd, unix.SHUT_WR); err != nil {
		return "", fmt.Errorf("shutdown: %w", err)
	}
	b, err := io.ReadAll(f)
	return string(b), err
}

// Both ends are ours, on loopback.
func TestLoopback(t *testing.T) {
	h := newHost(t)
	s := h.open("lo")
	for _, address := range []string{"127.0.0.1:80", "[::1]:80"} {
		t.Run(address, func(t *testing.T) {
			lc := endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}
			ln, err := lc.Listen(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go echo(ln)
			dialTwice(t, s, address)
		})
	}
}

// The kernel's ports and ours exclude each other: D-10.
func TestKernelPorts(t *testing.T) {
	near, _ := wired(t)
	s := near.open("veth0")
	taken := near.listen(t, "192.0.2.1:81")
	lc := endpoint.ListenConfig{Stack: s}
	for _, address := range []string{"192.0.2.1:81", ":81"} {
		_, err := lc.Listen(t.Context(), "tcp", address)
		wantTaken(t, err, "port 81")
	}
	d := endpoint.Dialer{Stack: s, Source: netip.MustParseAddrPort(taken.Addr().String())}
	_, err := d.DialContext(t.Context(), "tcp", address4, nil)
	wantTaken(t, err, "port 81 of 192.0.2.1")

	// And the other way round, from whatever thread we ask.
	ln, err := lc.Listen(t.Context(), "tcp", ":82")
	if err != nil {
		t.Fatal(err)
	}
	near.Do(func() error {
		for _, address := range []string{"192.0.2.1:82", "[2001:db8::1]:82"} {
			if _, err := net.Listen("tcp", address); !errors.Is(err, unix.EADDRINUSE) {
				t.Errorf("kernel's listen on %s: %v, want %v", address, err, unix.EADDRINUSE)
			}
		}
		return nil
	})
	if l, err := net.Listen("tcp", "127.0.0.1:82"); err == nil {
		l.Close()
	} else if errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("the port was reserved in the wrong namespace: %v", err)
	}
	ln.Close()
}
