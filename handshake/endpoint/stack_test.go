package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// Shutdown lets both sides close in order, what is in flight included.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = 20 * time.Millisecond })
		ln := l.listen(endpoint.ListenConfig{})
		d := endpoint.Dialer{Machine: handshake.Config{TimeWait: time.Second}}
		client := l.mustDial(d, "")
		server := accept(t, ln)
		want := noise(100 << 10)
		client.Write(want)
		got := make(chan []byte)
		go func() {
			b, err := io.ReadAll(server)
			if err != nil {
				t.Errorf("server: %v", err)
			}
			server.Close()
			got <- b
		}()
		done := make(chan error)
		go func() { done <- l.client.Shutdown(t.Context()) }()
		if b := <-got; string(b) != string(want) {
			t.Errorf("server read %d bytes, want %d", len(b), len(want))
		}
		began := time.Now()
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(began); took < time.Second || took > 2*time.Second {
			t.Errorf("Shutdown took %v longer than the peer, want TIME-WAIT, 1s, and little more", took)
		}
		if out, in := countResets(l.segments()); out+in != 0 {
			t.Errorf("%d resets", out+in)
		}
		if _, err := l.dial(d, ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial after Shutdown: %v, want %v", err, net.ErrClosed)
		}
	})
}

// When time is up, Shutdown resets what is left.
func TestShutdownTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		l.mustDial(endpoint.Dialer{}, "")
		server := accept(t, ln) // which does not close
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.client.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want %v", err, context.DeadlineExceeded)
		}
		synctest.Wait()
		if out, _ := countResets(l.segments()); out != 1 {
			t.Errorf("%d resets went out, want 1", out)
		}
		if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("peer's write: %v, want %v", err, syscall.ECONNRESET)
		}
	})
}

// While a stack shuts down nobody can begin to listen or to dial on it.
func TestShutdownRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry()
		l := newLab(t, func(s *setup) { s.client.Ports, s.client.Guard = host, host })
		l.listen(endpoint.ListenConfig{})
		l.mustDial(endpoint.Dialer{Machine: handshake.Config{FinWait2: time.Second}}, "")
		done := make(chan error)
		go func() { done <- l.client.Shutdown(t.Context()) }()
		synctest.Wait()
		if _, err := (&endpoint.ListenConfig{Stack: l.client}).Listen(t.Context(), "tcp", ":81"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Listen: %v, want %v", err, net.ErrClosed)
		}
		if _, err := l.dial(endpoint.Dialer{}, ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial: %v, want %v", err, net.ErrClosed)
		}
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		host.wantEmpty(t)
	})
}

// Without connections Shutdown has nothing to wait for; Close may follow it.
func TestShutdownIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		if err := l.server.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v, want %v", err, net.ErrClosed)
		}
		if err := l.server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if _, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", ":81"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Listen: %v, want %v", err, net.ErrClosed)
		}
	})
}

// A brokenLink fails when it is told to.
type brokenLink struct {
	*link.Mem
	broken atomic.Bool
}

var errBroken = errors.New("cable pulled")

func (b *brokenLink) ReadFrames(batch []link.Frame) (int, error) {
	n, err := b.Mem.ReadFrames(batch)
	if b.broken.Load() {
		return 0, errBroken
	}
	return n, err
}

// A link that fails ends connections, listeners and dials with its error, and
// gives back their ports.
func TestLinkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := link.Pair(nil)
		broken, host := &brokenLink{Mem: a}, newRegistry()
		s := newStack(t, endpoint.Config{Link: broken, Router: route{from4: client4}, Ports: host, Guard: host})
		ln, err := (&endpoint.ListenConfig{Stack: s}).Listen(t.Context(), "tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			d := endpoint.Dialer{Stack: s}
			if _, err := d.DialContext(t.Context(), "tcp", address4, nil); !errors.Is(err, errBroken) {
				t.Errorf("dial: %v, want %v", err, errBroken)
			}
		})
		wg.Go(func() {
			if _, err := ln.Accept(); !errors.Is(err, errBroken) {
				t.Errorf("accept: %v, want %v", err, errBroken)
			}
		})
		synctest.Wait()
		broken.broken.Store(true)
		wg.Wait()
		synctest.Wait()
		host.wantEmpty(t)
	})
}

// A narrowLink refuses every fifth frame.
type narrowLink struct {
	*link.Mem
	count int
}

func (n *narrowLink) WriteFrames(batch [][]byte) (int, error) {
	for i := range batch {
		if n.count++; n.count%5 == 0 {
			return i, syscall.EMSGSIZE
		}
		if _, err := n.Mem.WriteFrames(batch[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(batch), nil
}

// A frame that the link refuses is lost as on any path; the others go.
func TestFramesRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := link.Pair(nil)
		client := newStack(t, endpoint.Config{Link: &narrowLink{Mem: a}, Router: route{from4: client4, own: clientMAC, peer: serverMAC}})
		server := newStack(t, endpoint.Config{Link: b})
		ln, err := (&endpoint.ListenConfig{Stack: server}).Listen(t.Context(), "tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		go echo(ln)
		c, err := (&endpoint.Dialer{Stack: client}).DialContext(t.Context(), "tcp", address4, []byte(repeated("x", 100<<10)))
		if err != nil {
			t.Fatal(err)
		}
		if got := finish(t, c); len(got) != 100<<10 {
			t.Errorf("got %d bytes back, want %d", len(got), 100<<10)
		}
		if client.Counters().SendErrors == 0 {
			t.Error("SendErrors was not counted")
		}
	})
}

func TestListenAnyPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		port := ln.Addr().(*net.TCPAddr).Port
		if port < 32768 || port > 60999 {
			t.Errorf("port %d is not ephemeral", port)
		}
		d := endpoint.Dialer{Stack: l.client}
		if _, err := d.DialContext(t.Context(), "tcp", fmt.Sprintf("192.0.2.2:%d", port), nil); err != nil {
			t.Error(err)
		}
	})
}

// Addresses that nobody can connect to or listen on.
func TestBadAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		for _, c := range [][2]string{
			{"udp", address4}, {"tcp", "192.0.2.2"}, {"tcp", ":80"}, {"tcp", "192.0.2.2:0"}, {"tcp", "224.0.0.1:80"},
			{"tcp6", address4}, {"tcp4", address6}, {"tcp", "192.0.2.2:70000"},
		} {
			d := endpoint.Dialer{Stack: l.client}
			_, err := d.DialContext(t.Context(), c[0], c[1], nil)
			if _, ok := errors.AsType[*net.OpError](err); !ok {
				t.Errorf("dial %s %s: %v, want a net.OpError", c[0], c[1], err)
			}
		}
		if _, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", "no port"); err == nil {
			t.Error("listen without a port succeeded")
		}
	})
}

func TestNewRejects(t *testing.T) {
	if _, err := endpoint.New(endpoint.Config{}); err == nil {
		t.Error("a stack without a link was made")
	}
	tiny, _ := link.Pair(&link.PairConfig{MTU: 67})
	if _, err := endpoint.New(endpoint.Config{Link: tiny}); err == nil {
		t.Error("a stack on a link with an MTU of 67 was made")
	}
	a, _ := link.Pair(nil)
	if _, err := endpoint.New(endpoint.Config{Link: a, SetFilter: true}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SetFilter on a link without a filter: %v", err)
	}
}

// The route decides about the interface and the segment size.
func TestRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.client.Interface = "eth9" })
		if _, err := l.dial(endpoint.Dialer{}, ""); !errors.Is(err, link.ErrNoRoute) {
			t.Errorf("over another interface: %v, want %v", err, link.ErrNoRoute)
		}
		l = newLab(t, func(s *setup) { s.client.Router = nil })
		if _, err := l.dial(endpoint.Dialer{}, ""); !errors.Is(err, link.ErrNoRoute) {
			t.Errorf("without a router: %v, want %v", err, link.ErrNoRoute)
		}
		l = newLab(t, func(s *setup) { s.client.Router = narrow{s.client.Router, 40} })
		if _, err := l.dial(endpoint.Dialer{}, ""); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("over a way without room: %v, want %v", err, syscall.EMSGSIZE)
		}
		l = newLab(t, func(s *setup) { s.client.Router = narrow{s.client.Router, 1200} })
		l.listen(endpoint.ListenConfig{})
		l.mustDial(endpoint.Dialer{}, "")
		syn := l.synOut()
		if set, _ := syn.Options.Decode(); set.MSS != 1160 {
			t.Errorf("the SYN announces an MSS of %d, want 1160", set.MSS)
		}
	})
}

// narrow is a route with a small MTU.
type narrow struct {
	endpoint.Router
	mtu int
}

func (n narrow) Resolve(ctx context.Context, dst, src netip.Addr, ifname string) (link.Hop, error) {
	h, err := n.Router.Resolve(ctx, dst, src, ifname)
	h.MTU = n.mtu
	return h, err
}
