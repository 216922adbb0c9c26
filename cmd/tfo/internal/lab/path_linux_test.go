package lab

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/path"
)

// newPathLab makes a lab whose path is recorded.
func newPathLab(t *testing.T, cfg *path.Config) (*Lab, *path.Recorder) {
	t.Helper()
	var record path.Recorder
	cfg.Observer = record.Observe
	return newLab(t, Config{IPv6: true, Path: cfg}), &record
}

// exchange has some connections of the kernels, one after the other, and returns what the last one came to. Each server has
// its own key, if there are any.
func exchange(t *testing.T, l *Lab, ipv6 bool, times int, keys ...string) (last KernelExchange) {
	t.Helper()
	_, addr := l.Addresses(ipv6)
	for i, host := range l.Servers {
		cfg := KernelServerConfig{Listen: netip.AddrPortFrom(addr, 80), Reply: upper}
		if len(keys) > 0 {
			cfg.Key = keys[i]
		}
		s, err := ListenKernel(host, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		go s.Serve(t.Context())
	}
	client := KernelClient{Host: l.Client}
	for range times {
		x, err := client.Exchange(t.Context(), netip.AddrPortFrom(addr, 80), []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if string(x.Reply) != "HELLO" {
			t.Fatalf("reply: got %q", x.Reply)
		}
		last = x
	}
	return last
}

// The first frame of a story is the SYN, and every frame takes the time of its way.
func TestPath(t *testing.T) {
	const oneWay = 5 * time.Millisecond
	for _, ipv6 := range []bool{false, true} {
		l, record := newPathLab(t, path.Both(1, path.Way{Delay: oneWay}))
		if last := exchange(t, l, ipv6, 2); !last.SynDataAcked {
			t.Error("the data of the second SYN was not acknowledged")
		}
		l.Close()
		passages, left := record.Passages()
		if len(passages) < 12 || left != 0 {
			t.Fatalf("got %d passages, %d left", len(passages), left)
		}
		first, err := wire.ParseFrame(passages[0].Sent)
		if err != nil || first.TCP.Flags != wire.SYN || passages[0].From != path.Near || passages[0].To != path.Far {
			t.Errorf("the first frame is no SYN: %+v, %v", passages[0], err)
		}
		for _, p := range passages {
			if took := p.Ended.Sub(p.Departed); p.Fate == path.Arrived && took < oneWay || p.Changed() {
				t.Errorf("a frame took %v, changed %v", took, p.Changed())
			}
		}
	}
}

// Two servers behind one address have the connections in turn: the cookie of one is nothing to the other, unless they have
// the same key.
func TestPathBalanced(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want bool
	}{
		{[]string{"00000000-00000000-00000000-00000001", "00000000-00000000-00000000-00000002"}, false},
		{[]string{"00000000-00000000-00000000-00000001", "00000000-00000000-00000000-00000001"}, true},
	} {
		l, _ := newPathLab(t, &path.Config{FarHosts: 2, Middleboxes: []path.Middlebox{{Name: "balance"}}})
		if last := exchange(t, l, false, 2, c.keys...); last.SynDataAcked != c.want {
			t.Errorf("keys %q: the second server takes the cookie of the first: got %v", c.keys, last.SynDataAcked)
		}
	}
}

func TestPathExcludes(t *testing.T) {
	for _, cfg := range []Config{
		{Path: &path.Config{}, Router: true}, {Path: &path.Config{}, Offload: true}, {Path: &path.Config{FarHosts: -1}},
	} {
		if l, err := New(t.Context(), cfg); err == nil {
			l.Close()
			t.Errorf("%+v: got no error", cfg)
		}
	}
}
