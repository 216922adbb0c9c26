package endpoint_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// A registry is a host's ports and its guard, in memory. It can be told to
// fail, and tells what it is asked for.
type registry struct {
	mu      sync.Mutex
	ports   map[netip.AddrPort]bool
	guarded map[[2]netip.AddrPort]int
	uses    int // further calls that succeed, if not negative
	at      func(moment string)
}

var errNoMore = errors.New("no more rules")

// use counts a call.
func (r *registry) use(moment string) error {
	if r.at != nil {
		r.at(moment)
	}
	if r.uses == 0 {
		return errNoMore
	}
	r.uses--
	return nil
}

// wantEmpty checks that everything was released.
func (r *registry) wantEmpty(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ports) != 0 || len(r.guarded) != 0 {
		t.Errorf("there are left: ports %v, guards %v", r.ports, r.guarded)
	}
}

func newRegistry(taken ...string) *registry {
	r := &registry{ports: make(map[netip.AddrPort]bool), guarded: make(map[[2]netip.AddrPort]int), uses: -1}
	for _, p := range taken {
		r.ports[netip.MustParseAddrPort(p)] = true
	}
	return r
}

func (r *registry) Reserve(local netip.AddrPort) (func() error, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.use("reserve"); err != nil {
		return nil, err
	}
	if r.ports[local] {
		return nil, syscall.EADDRINUSE
	}
	r.ports[local] = true
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.ports, local)
		return nil
	}, nil
}

func (r *registry) Protect(local, remote netip.AddrPort) (func() error, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.use("protect"); err != nil {
		return nil, err
	}
	key := [2]netip.AddrPort{local, remote}
	r.guarded[key]++
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.guarded[key]--; r.guarded[key] == 0 {
			delete(r.guarded, key)
		}
		return nil
	}, nil
}

// Ports are reserved and guarded while they are in use, and a moment later not
// any more: D-10.
func TestPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry("192.0.2.1:40000", "192.0.2.1:40002")
		l := newLab(t, func(s *setup) {
			s.client.Ports, s.client.Guard = host, host
			s.client.Ephemeral = link.PortRange{First: 40000, Last: 40002}
		})
		ln := l.listen(endpoint.ListenConfig{})
		c := l.mustDial(endpoint.Dialer{}, "")
		if got, want := c.LocalAddr().String(), "192.0.2.1:40001"; got != want {
			t.Errorf("local address %s, want the only free one, %s", got, want)
		}
		remote := netip.MustParseAddrPort(address4)
		if got := host.guarded[[2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:40001"), remote}]; got != 1 {
			t.Errorf("the connection has %d guards, want 1", got)
		}
		_, err := l.dial(endpoint.Dialer{}, "")
		wantTaken(t, err, "40000 to 40002")
		_, err = l.dial(endpoint.Dialer{Source: netip.MustParseAddrPort("192.0.2.1:40002")}, "")
		wantTaken(t, err, "port 40002 of 192.0.2.1")
		_, err = l.dial(endpoint.Dialer{Source: netip.MustParseAddrPort("192.0.2.1:40001")}, "")
		wantTaken(t, err, "port 40001 of 192.0.2.1")

		accept(t, ln).Abort()
		synctest.Wait()
		if len(host.ports) != 2 || len(host.guarded) != 0 {
			t.Errorf("after the end there are %v and %v", host.ports, host.guarded)
		}
		l.mustDial(endpoint.Dialer{}, "")
	})
}

func wantTaken(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(fmt.Sprint(err), text) {
		t.Errorf("error %q, want one about %q", err, text)
	}
}

// A listener's port stays ours until the last of its connections is gone.
func TestListenerPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry()
		l := newLab(t, func(s *setup) { s.server.Ports, s.server.Guard = host, host })
		ln := l.listen(endpoint.ListenConfig{})
		client := l.mustDial(endpoint.Dialer{}, "")
		server := accept(t, ln)
		_, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp4", ":80")
		wantTaken(t, err, "port 80 of 0.0.0.0")
		ln.Close()
		synctest.Wait()
		if len(host.ports) != 2 || len(host.guarded) != 2 {
			t.Errorf("with a connection left there are %v and %v", host.ports, host.guarded)
		}
		client.Abort()
		synctest.Wait()
		host.wantEmpty(t)
		server.Close()
		for range 20 {
			again := l.listen(endpoint.ListenConfig{})
			again.Close()
			host.wantEmpty(t)
		}
	})
}

// Whatever fails on the way to a claim, nothing of it is left: a listener on
// both families takes four steps, a dial two.
func TestClaimFails(t *testing.T) {
	for uses := range 5 {
		synctest.Test(t, func(t *testing.T) {
			host := newRegistry()
			host.uses = uses
			l := newLab(t, func(s *setup) {
				s.server.Ports, s.server.Guard = host, host
				s.client.Ports, s.client.Guard = host, host
			})
			ln, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", ":80")
			if uses < 4 {
				if !errors.Is(err, errNoMore) {
					t.Errorf("listen: %v, want %v", err, errNoMore)
				}
			} else {
				ln.Close()
			}
			host.wantEmpty(t)
			host.uses = uses % 2
			if _, err := l.dial(endpoint.Dialer{}, ""); !errors.Is(err, errNoMore) {
				t.Errorf("dial: %v, want %v", err, errNoMore)
			}
			host.wantEmpty(t)
		})
	}
}
