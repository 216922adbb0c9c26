package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHostsAreApart(t *testing.T) {
	before := links(t)
	l := newLab(t, Config{Router: true, IPv6: true})
	seen := map[uint64]string{}
	for _, h := range l.hosts() {
		err := h.Do(func() error {
			want := "lo eth0"
			if h == l.Router {
				want = "lo eth0 eth1"
			}
			if got := links(t); got != want {
				t.Errorf("%s: links = %q, want %q", h.Name, got, want)
			}
			var st unix.Stat_t
			if err := unix.Stat("/proc/thread-self/ns/net", &st); err != nil {
				return err
			}
			if other, ok := seen[st.Ino]; ok {
				t.Errorf("%s is in the namespace of %s", h.Name, other)
			}
			seen[st.Ino] = h.Name
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if got := links(t); got != before {
		t.Errorf("links of the caller = %q, want %q", got, before)
	}
}

func TestPortsAreConfigured(t *testing.T) {
	for _, cfg := range []Config{{}, {IPv6: true, MTU: 1280}, {IPv6: true, Router: true, MTU: 9000}} {
		t.Run(fmt.Sprintf("%+v", cfg), func(t *testing.T) {
			l := newLab(t, cfg)
			for _, h := range l.hosts() {
				for _, p := range h.Ports {
					if err := h.Do(func() error { return checkPort(t, cfg, h, p) }); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

func checkPort(t *testing.T, cfg Config, h *Host, p Port) error {
	// The net package asks with a socket that it opens on the calling thread.
	i, err := net.InterfaceByName(p.Interface)
	if err != nil {
		return err
	}
	if got, want := i.HardwareAddr.String(), p.MAC.String(); got != want {
		t.Errorf("%s %s: MAC = %s, want %s", h.Name, p.Interface, got, want)
	}
	if got, want := i.MTU, max(cfg.MTU, 0); want != 0 && got != want {
		t.Errorf("%s %s: MTU = %d, want %d", h.Name, p.Interface, got, want)
	}
	addrs, err := i.Addrs()
	if err != nil {
		return err
	}
	got := fmt.Sprint(addrs)
	want := fmt.Sprintf("[%s/24]", p.Addr4)
	if cfg.IPv6 {
		want = fmt.Sprintf("[%s/24 %s/64 fe80::ff:fe00:%x/64]", p.Addr4, p.Addr6, p.MAC[5])
	}
	if got != want {
		t.Errorf("%s %s: addresses = %s, want %s", h.Name, p.Interface, got, want)
	}
	return nil
}

func TestNewRejectsConfig(t *testing.T) {
	for _, cfg := range []Config{{MTU: 67}, {MTU: 65536}, {MTU: -1}, {MTU: 1279, IPv6: true}} {
		if l, err := New(t.Context(), cfg); err == nil {
			l.Close()
			t.Errorf("New(%+v) = nil error, want one", cfg)
		}
	}
}

func TestNewCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err := New(ctx, Config{})
	if !errors.Is(err, context.Canceled) || l != nil {
		t.Errorf("New = %v, %v, want nil, %v", l, err, context.Canceled)
	}
}

func TestCloseTwice(t *testing.T) {
	l := newLab(t, Config{})
	var closers sync.WaitGroup
	for range 4 {
		closers.Go(l.Close)
	}
	closers.Wait()
	l.Close()
	if err := l.Client.Do(func() error { return nil }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Do after Close = %v, want %v", err, net.ErrClosed)
	}
	wait := l.Client.Run(t.Context(), func(context.Context) error { return nil })
	if err := wait(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run after Close = %v, want %v", err, net.ErrClosed)
	}
	if err := l.Client.Start(exec.Command("/proc/self/exe")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Start after Close = %v, want %v", err, net.ErrClosed)
	}
}

func TestDoIsReentrant(t *testing.T) {
	l := newLab(t, Config{})
	want := errors.New("from inside")
	err := l.Client.Do(func() error {
		return l.Server.Do(func() error {
			return l.Server.Do(func() error { return want })
		})
	})
	if !errors.Is(err, want) {
		t.Errorf("Do = %v, want %v", err, want)
	}
}

func TestDoSurvivesGoexit(t *testing.T) {
	l := newLab(t, Config{})
	exit := func() error { // as t.FailNow does
		runtime.Goexit()
		return nil
	}
	if err := l.Client.Do(exit); !errors.Is(err, errGoexit) {
		t.Errorf("Do = %v, want %v", err, errGoexit)
	}
	if err := l.Client.Do(exit); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Do afterwards = %v, want %v", err, net.ErrClosed)
	}
	wait := l.Server.Run(t.Context(), func(context.Context) error { return exit() })
	if err := wait(); !errors.Is(err, errGoexit) {
		t.Errorf("Run = %v, want %v", err, errGoexit)
	}
}

// The first thread of a process never ends, so that a namespace entered there would stay.
func TestOnOwnThreadSparesFirst(t *testing.T) {
	var threads sync.WaitGroup
	for range 64 {
		threads.Add(1)
		go onOwnThread(func() {
			defer threads.Done()
			if unix.Gettid() == unix.Getpid() {
				t.Error("ran on the first thread of the process")
			}
		})
	}
	threads.Wait()
}

func TestRunEndsWithClose(t *testing.T) {
	l := newLab(t, Config{})
	inside := make(chan string, 1)
	wait := l.Server.Run(t.Context(), func(ctx context.Context) error {
		inside <- links(t)
		<-ctx.Done()
		return ctx.Err()
	})
	if got, want := <-inside, "lo eth0"; got != want {
		t.Errorf("links = %q, want %q", got, want)
	}
	l.Close()
	for range 2 {
		if err := wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("wait = %v, want %v", err, context.Canceled)
		}
	}
}

// What a host opens stays the host's, whoever uses it.
func TestSocketsStayInTheirHost(t *testing.T) {
	for _, cfg := range []Config{{}, {IPv6: true}, {Router: true}, {Router: true, IPv6: true}} {
		t.Run(fmt.Sprintf("%+v", cfg), func(t *testing.T) {
			l := newLab(t, cfg)
			_, addr := l.Addresses(cfg.IPv6)
			got := echo(t, l, netip.AddrPortFrom(addr, 7))
			if want := "ping"; got != want {
				t.Errorf("echo = %q, want %q", got, want)
			}
		})
	}
}

func echo(t *testing.T, l *Lab, addr netip.AddrPort) string {
	t.Helper()
	var server *net.UDPConn
	err := l.Server.Do(func() (err error) {
		server, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		b := make([]byte, 64)
		n, from, _ := server.ReadFromUDPAddrPort(b)
		server.WriteToUDPAddrPort(b[:n], from)
	}()
	var client *net.UDPConn
	err = l.Client.Do(func() (err error) {
		client, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	n, err := client.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestCommand(t *testing.T) {
	l := newLab(t, Config{})
	got, err := l.Server.Command(t.Context(), "cat", "/proc/self/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	if want := "eth0:"; !strings.Contains(string(got), want) {
		t.Errorf("interfaces seen by a program = %s, want %s among them", got, want)
	}
	_, err = l.Server.Command(t.Context(), "cat", "/nonexistent")
	if err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("error = %v, want the program's own words", err)
	}
	if _, err = l.Server.Command(t.Context(), "/nonexistent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want %v", err, fs.ErrNotExist)
	}
}

func TestSysctl(t *testing.T) {
	const name = "net.ipv4.tcp_fastopen"
	before, err := readSysctl(name)
	if err != nil {
		t.Skipf("needs %s: %v", name, err)
	}
	l := newLab(t, Config{})
	if err := l.Server.Sysctl(name, "1027"); err != nil {
		t.Fatal(err)
	}
	for h, want := range map[*Host]string{l.Server: "1027", l.Client: "1"} {
		if got, err := h.ReadSysctl(name); got != want || err != nil {
			t.Errorf("%s: %s = %q, %v, want %q", h.Name, name, got, err, want)
		}
	}
	if got, _ := readSysctl(name); got != before {
		t.Errorf("the caller's %s = %q, want %q", name, got, before)
	}
	for _, bad := range []string{"kernel.hostname", "net/ipv4/tcp_fastopen", "net.ipv4.none", "net.../../kernel/x", ""} {
		if err := l.Server.Sysctl(bad, "1"); err == nil {
			t.Errorf("Sysctl(%q) = nil, want an error", bad)
		}
	}
	const key = "not a key"
	if err := l.Server.Sysctl("net.ipv4.tcp_fastopen_key", key); err == nil || strings.Contains(err.Error(), key) {
		t.Errorf("Sysctl = %v, want an error that does not show the value", err)
	}
}

func TestCounterUnknown(t *testing.T) {
	l := newLab(t, Config{})
	if _, err := l.Server.Counter("TCPNoSuchThing"); err == nil {
		t.Error("Counter = nil error, want one")
	}
}

// Closed labs leave no descriptor open. A child counts, so that other tests do not.
func TestCloseClosesDescriptors(t *testing.T) {
	requireNamespaces(t)
	got, err := child(t, "descriptor").Output()
	if err != nil || string(got) != "0\n" {
		t.Errorf("descriptors left = %q, %v, want %q", got, err, "0\n")
	}
}

func BenchmarkNew(b *testing.B) {
	for _, cfg := range []Config{{}, {IPv6: true}, {IPv6: true, Router: true}} {
		b.Run(fmt.Sprintf("%+v", cfg), func(b *testing.B) {
			for b.Loop() {
				l, err := New(b.Context(), cfg)
				if err != nil {
					b.Skipf("needs namespaces: %v", err)
				}
				l.Close()
			}
		})
	}
}
