package link

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/link/hosttest"
)

// eachWay runs a test with links that have a receive ring, and with links that have none.
func eachWay(t *testing.T, test func(t *testing.T)) {
	t.Run("ring", test)
	t.Run("queue", test)
}

// A host opens links and resolvers in its namespace. In the test "queue" of eachWay its
// links have no ring.
type host struct {
	*hosttest.Host
	t testing.TB
}

func newHost(t testing.TB) *host {
	t.Helper()
	return &host{hosttest.New(t), t}
}

func (h *host) open(ifname string, cfg *Config) *Packet {
	h.t.Helper()
	if cfg == nil {
		cfg = &Config{}
	}
	way := *cfg
	way.NoRing = way.NoRing || strings.Contains(h.t.Name(), "/queue")
	var l *Packet
	h.Do(func() (err error) {
		l, err = Open(ifname, &way)
		return err
	})
	h.t.Cleanup(func() { l.Close() })
	if s, _ := l.Stats(); (s.Ring > 0) == way.NoRing {
		h.t.Fatalf("%s: a ring for %d frames, want none: %v", ifname, s.Ring, way.NoRing)
	}
	return l
}

func (h *host) resolver() *Resolver {
	h.t.Helper()
	var r *Resolver
	h.Do(func() (err error) {
		r, err = NewResolver()
		return err
	})
	h.t.Cleanup(func() { r.Close() })
	return r
}

// listen makes the host's kernel listen.
func (h *host) listen(address string) net.Listener {
	h.t.Helper()
	var l net.Listener
	h.Do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	h.t.Cleanup(func() { l.Close() })
	return l
}

// wired returns two hosts joined by a veth pair, "veth0" at each end.
func wired(t testing.TB) (near, peer *host) {
	t.Helper()
	a, b := hosttest.Wired(t)
	a.Address("veth0", near4.String()+"/24", near6.String()+"/64")
	b.Address("veth0", peer4.String()+"/24", peer6.String()+"/64")
	for _, ours := range []netip.Addr{ours4, ours6} {
		b.Neighbour("veth0", ours.String(), a.MAC("veth0"))
	}
	return &host{a, t}, &host{b, t}
}

func write(t testing.TB, l Link, frames ...[]byte) {
	t.Helper()
	if n, err := l.WriteFrames(frames); n != len(frames) || err != nil {
		t.Fatalf("write: got %d, %v, want %d", n, err, len(frames))
	}
}

// next reads one frame; a test that gets none fails after a while.
func next(t testing.TB, l Link) (Frame, wire.Packet) {
	t.Helper()
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	batch := make([]Frame, 1)
	if _, err := l.ReadFrames(batch); err != nil {
		t.Fatal(err)
	}
	p, err := wire.ParseFrame(batch[0].Data)
	if err != nil {
		t.Fatalf("frame %x: %v", batch[0].Data, err)
	}
	return batch[0], p
}

// wantSynAck reads a SYN-ACK from and to the given addresses.
func wantSynAck(t *testing.T, l Link, from, to netip.AddrPort) (Frame, wire.Packet) {
	t.Helper()
	f, p := next(t, l)
	if p.Src() != from || p.Dst() != to || p.TCP.Flags != wire.SYN|wire.ACK || p.TCP.Ack != 1001 {
		t.Fatalf("got %v to %v, flags %v, ack %d, want a SYN-ACK from %v to %v", p.Src(), p.Dst(), p.TCP.Flags, p.TCP.Ack, from, to)
	}
	return f, p
}
