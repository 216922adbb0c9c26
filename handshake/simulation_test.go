package handshake

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"tfocraft/cookie"
)

// The simulation ends when nothing is scheduled any more. An application whose
// peer is lost without a word has nothing to wake it; it then gives up.
func (s *sim) run() {
	for s.failed == "" {
		if s.step() {
			continue
		}
		if !s.giveUp() {
			return
		}
	}
}

func (s *sim) giveUp() bool {
	for i, h := range s.hosts {
		if h.m == nil || h.ended {
			continue
		}
		other := s.hosts[1-i]
		if !other.ended && other.m != nil {
			s.fail("%s in %v is stuck while %s is in %v", h.name, h.m.State(), other.name, other.m.State())
			return false
		}
		s.take(h, h.m.Abort(s.now, nil))
		return true
	}
	return false
}

// judge says what has to hold at the end.
func (s *sim) judge() {
	for i, h := range s.hosts {
		if h.m == nil {
			continue
		}
		if !h.ended || !h.m.Deadline().IsZero() {
			s.fail("%s ends in %v with deadline %v", h.name, h.m.State(), h.m.Deadline())
		}
		peer := s.hosts[1-i]
		polite := !h.aborts && !h.closing && !peer.aborts && !peer.closing
		if polite && h.m.Err() == nil && !bytes.Equal(peer.got, h.stream) {
			s.fail("%s ended in order, %s got %d of its %d bytes", h.name, peer.name, len(peer.got), len(h.stream))
		}
		if polite && s.path.loss == 0 && h.m.Err() != nil {
			s.fail("%s ended with %v on a path that loses nothing", h.name, h.m.Err())
		}
	}
	if s.gate.pending != 0 {
		s.fail("%d connections are still pending", s.gate.pending)
	}
}

func newSim(seed uint64) *sim {
	rng := rand.New(rand.NewPCG(seed, 7413))
	s := &sim{rng: rng, now: epoch, ring: cookie.NewKeyring(cookie.RFC7413, cookie.Key{1})}
	s.gate = NewGate(GateConfig{Enabled: rng.IntN(8) > 0, Keyring: s.ring, CookieNotNeeded: rng.IntN(8) == 0})
	s.path = simPath{
		delay: s.upTo(100 * time.Millisecond), stripOption: rng.IntN(8) == 0, dropSynData: rng.IntN(8) == 0,
	}
	if rng.IntN(4) > 0 {
		s.path.loss = rng.Float64() * 0.3
		s.path.dup = rng.Float64() * 0.1
		s.path.jitter = s.upTo(100 * time.Millisecond)
	}
	for i, name := range []string{"client", "server"} {
		h := &simHost{name: name, config: s.config(), stream: make([]byte, s.size())}
		for j := range h.stream {
			h.stream[j] = byte(rng.Uint32())
		}
		h.closing, h.aborts = rng.IntN(10) == 0, rng.IntN(20) == 0
		s.hosts[i] = h
	}
	return s
}

func (s *sim) start() {
	c := s.hosts[0]
	fo := &c.config.FastOpen
	fo.Mode = pick(s.rng, ClientOn, ClientOn, ClientOn, ClientNoCookie, ClientOff)
	fo.MSS = pick[uint16](s.rng, 0, 536, 1460)
	fo.Experimental = s.rng.IntN(5) == 0
	switch s.rng.IntN(5) {
	case 0: // none: ask
	case 1:
		fo.Cookie = mustCookie("0102030405060708")
	default:
		fo.Cookie = s.ring.Mint(simClient, simServer)
	}
	s.open(c)
	if s.rng.IntN(20) == 0 {
		// Both sides open at once.
		other := s.hosts[1]
		other.config.FastOpen = c.config.FastOpen
		s.open(other)
	}
}

func (s *sim) open(h *simHost) {
	h.m = NewClient(h.config)
	if s.rng.IntN(4) > 0 {
		s.app(h)
	}
	s.take(h, h.m.Open(s.now, nil))
	s.after(s.upTo(20*time.Millisecond), func() { s.app(h) })
	if h.aborts {
		s.after(s.upTo(3*time.Second), func() { s.abort(h) })
	}
}

// Whatever the path does, every byte arrives once and in its place, or both
// sides end; and no timer is left behind. T-13, T-87, C-20, C-90 and others.
func TestSimulation(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() {
		seeds = 200
	}
	for seed := range seeds {
		if !runSim(t, seed) {
			return
		}
	}
}

func runSim(t *testing.T, seed uint64) bool {
	t.Helper()
	s := newSim(seed)
	s.start()
	s.run()
	s.judge()
	if s.failed == "" {
		return true
	}
	for _, line := range s.log {
		t.Log(line)
	}
	t.Errorf("seed %d: %s", seed, s.failed)
	return false
}
