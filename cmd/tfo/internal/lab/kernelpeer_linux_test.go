package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// serve runs a kernel server until the end of the test.
func serve(t *testing.T, h *Host, cfg KernelServerConfig) *KernelServer {
	t.Helper()
	s, err := ListenKernel(h, cfg)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve = %v, want nil or %v", err, net.ErrClosed)
		}
	})
	return s
}

// counters reads several counters of a host.
func counters(t *testing.T, h *Host, names ...string) []uint64 {
	t.Helper()
	var values []uint64
	for _, name := range names {
		v, err := h.Counter(name)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// RFC 7413, Section 2: the first connection brings the cookie, the second carries data in its SYN.
func TestKernelPeers(t *testing.T) {
	for _, cfg := range []Config{{}, {IPv6: true}, {Router: true}, {Router: true, IPv6: true}, {Offload: true}} {
		t.Run(fmt.Sprintf("%+v", cfg), func(t *testing.T) {
			l := newLab(t, cfg)
			_, addr := l.Addresses(cfg.IPv6)
			s := serve(t, l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(addr, 80), Reply: upper})
			client := KernelClient{Host: l.Client}
			for attempt, want := range []bool{false, true, true} {
				x, err := client.Exchange(t.Context(), s.Addr(), []byte("hello"))
				if err != nil {
					t.Fatal(err)
				}
				if got := string(x.Reply); got != "HELLO" {
					t.Errorf("reply = %q, want %q", got, "HELLO")
				}
				if x.SynDataAcked != want {
					t.Errorf("attempt %d: data acknowledged in the SYN = %t, want %t", attempt, x.SynDataAcked, want)
				}
				if got := x.Local.Addr(); got != l.Client.Addr(cfg.IPv6) {
					t.Errorf("local address = %s, want %s", got, l.Client.Addr(cfg.IPv6))
				}
			}
			if got, want := counters(t, l.Server, "TCPFastOpenPassive", "TCPFastOpenCookieReqd"), []uint64{2, 1}; !slices.Equal(got, want) {
				t.Errorf("server: TCPFastOpenPassive, CookieReqd = %d, want %d", got, want)
			}
			if got, want := counters(t, l.Client, "TCPFastOpenActive", "TCPFastOpenActiveFail"), []uint64{2, 0}; !slices.Equal(got, want) {
				t.Errorf("client: TCPFastOpenActive, ActiveFail = %d, want %d", got, want)
			}
		})
	}
}

// A cookie outlives the server's restart with the same key, and not a change of the key.
func TestKernelServerKey(t *testing.T) {
	l := newLab(t, Config{})
	client := KernelClient{Host: l.Client}
	const key, other = "00112233-44556677-8899aabb-ccddeeff", "ffeeddcc-bbaa9988-77665544-33221100"
	for i, step := range []struct {
		key  string
		want bool
	}{{key, false}, {key, true}, {other, false}, {other, true}, {key + "," + other, true}} {
		s := serve(t, l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr4, 80), Key: step.key, Reply: upper})
		if got, _ := l.Server.ReadSysctl("net.ipv4.tcp_fastopen_key"); got != step.key {
			t.Errorf("step %d: key = %q, want %q", i, got, step.key)
		}
		x, err := client.Exchange(t.Context(), s.Addr(), []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if x.SynDataAcked != step.want {
			t.Errorf("step %d: data acknowledged in the SYN = %t, want %t", i, x.SynDataAcked, step.want)
		}
		s.Close()
	}
}

func TestKernelServerWithoutFastOpen(t *testing.T) {
	l := newLab(t, Config{})
	s := serve(t, l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr4, 80), MaxPending: -1, Reply: upper})
	client := KernelClient{Host: l.Client}
	for range 2 {
		x, err := client.Exchange(t.Context(), s.Addr(), []byte("hello"))
		if err != nil || string(x.Reply) != "HELLO" || x.SynDataAcked {
			t.Errorf("Exchange = %+v, %v, want a reply without Fast Open", x, err)
		}
	}
}

func TestKernelPeersSizes(t *testing.T) {
	l := newLab(t, Config{})
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, reply := range [][]byte{nil, large} {
		s := serve(t, l.Server, KernelServerConfig{
			Listen: netip.AddrPortFrom(l.Server.Addr4, 0),
			Reply:  func(netip.AddrPort, []byte) []byte { return reply },
		})
		source := netip.AddrPortFrom(l.Client.Addr4, 40000)
		for _, request := range [][]byte{[]byte("x"), large[:20000]} {
			client := KernelClient{Host: l.Client, Source: source}
			x, err := client.Exchange(t.Context(), s.Addr(), request)
			if err != nil {
				t.Fatalf("request of %d bytes: %v", len(request), err)
			}
			if !bytes.Equal(x.Reply, reply) {
				t.Errorf("reply = %d bytes, want %d", len(x.Reply), len(reply))
			}
			if x.Local != source {
				t.Errorf("local = %s, want %s", x.Local, source)
			}
			source = netip.AddrPortFrom(source.Addr(), source.Port()+1)
		}
	}
}

func TestKernelClientRefused(t *testing.T) {
	l := newLab(t, Config{IPv6: true})
	client := KernelClient{Host: l.Client}
	for _, addr := range []netip.Addr{l.Server.Addr4, l.Server.Addr6} {
		for _, request := range []string{"", "hello"} {
			_, err := client.Exchange(t.Context(), netip.AddrPortFrom(addr, 81), []byte(request))
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("Exchange(%s, %q) = %v, want %v", addr, request, err, syscall.ECONNREFUSED)
			}
		}
	}
	_, err := client.Exchange(t.Context(), netip.MustParseAddrPort("203.0.113.1:80"), []byte("hello"))
	if !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("Exchange without a route = %v, want %v", err, syscall.ENETUNREACH)
	}
}

// Neither a server that never answers nor the end of the context leaves anybody waiting.
func TestKernelPeersAreBounded(t *testing.T) {
	l := newLab(t, Config{})
	s, err := ListenKernel(l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr4, 80)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := KernelClient{Host: l.Client, Timeout: 20 * time.Millisecond}
	_, err = client.Exchange(t.Context(), s.Addr(), []byte("hello"))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Exchange = %v, want %v", err, context.DeadlineExceeded)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = client.Exchange(ctx, s.Addr(), []byte("hello")); !errors.Is(err, context.Canceled) {
		t.Errorf("Exchange = %v, want %v", err, context.Canceled)
	}
	if err := s.Serve(ctx); err != nil {
		t.Errorf("Serve with a cancelled context = %v, want nil", err)
	}
	s.Close()
	s.Close()
	if err := s.Serve(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve after Close = %v, want %v", err, net.ErrClosed)
	}
}

func TestListenKernelErrors(t *testing.T) {
	l := newLab(t, Config{})
	listen := netip.AddrPortFrom(l.Server.Addr4, 80)
	serve(t, l.Server, KernelServerConfig{Listen: listen})
	for name, test := range map[string]struct {
		cfg  KernelServerConfig
		want error
	}{
		"port taken":    {KernelServerConfig{Listen: listen}, syscall.EADDRINUSE},
		"other address": {KernelServerConfig{Listen: netip.AddrPortFrom(l.Client.Addr4, 80)}, syscall.EADDRNOTAVAIL},
		"bad key":       {KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr4, 81), Key: "00"}, syscall.EINVAL},
	} {
		if _, err := ListenKernel(l.Server, test.cfg); !errors.Is(err, test.want) {
			t.Errorf("%s: ListenKernel = %v, want %v", name, err, test.want)
		}
	}
}

// A server that waits for more than the SYN brings gets it, and a client that closes first is answered all the same.
func TestKernelAwaitAndCloseFirst(t *testing.T) {
	l := newLab(t, Config{})
	request := bytes.Repeat([]byte("x"), 5000)
	got := make(chan int, 8)
	s := serve(t, l.Server, KernelServerConfig{
		Listen: netip.AddrPortFrom(l.Server.Addr4, 80), Await: len(request), AwaitEnd: true,
		Reply: func(_ netip.AddrPort, request []byte) []byte { got <- len(request); return []byte("all") },
	})
	client := KernelClient{Host: l.Client, CloseFirst: true}
	for range 2 {
		x, err := client.Exchange(t.Context(), s.Addr(), request)
		if n := <-got; err != nil || string(x.Reply) != "all" || n != len(request) {
			t.Errorf("reply %q to %d bytes, %v; want one to all %d", x.Reply, n, err, len(request))
		}
	}
	nowhere := netip.AddrPortFrom(l.Server.Addr4, 81)
	if _, err := client.Exchange(t.Context(), nowhere, request); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("to a closed port: %v, want %v", err, syscall.ECONNREFUSED)
	}
}

// A program's own listener takes data in the SYN.
func TestListenKernelNet(t *testing.T) {
	l := newLab(t, Config{})
	ln, err := ListenKernelNet(t.Context(), l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr4, 80)})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("hello"))
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	client := KernelClient{Host: l.Client}
	for attempt, want := range []bool{false, true} {
		x, err := client.Exchange(t.Context(), ln.Addr().(*net.TCPAddr).AddrPort(), []byte("hello"))
		if err != nil || string(x.Reply) != "hello" || x.SynDataAcked != want {
			t.Errorf("attempt %d: %q, data acknowledged in the SYN = %t, %v; want %t", attempt, x.Reply, x.SynDataAcked, err, want)
		}
	}
}
