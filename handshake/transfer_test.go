package handshake

import (
	"math/rand/v2"
	"testing"
	"time"

	"tfocraft/wire"
)

// transfer is a sim with nothing left to chance but the loss.
func transfer(size int, loss float64) *sim {
	s := &sim{rng: rand.New(rand.NewPCG(1, 2)), now: epoch, progress: epoch, ring: simKeyring}
	s.gate = NewGate(GateConfig{Enabled: true, Keyring: s.ring})
	s.path = simPath{delay: 10 * time.Millisecond, loss: loss, mtu: 1500}
	for i, name := range []string{"client", "server"} {
		h := &simHost{name: name, index: i, stream: simBytes[:size], simApp: simApp{chunk: size}}
		h.config = Config{ISS: 0xfffffff0 - wire.Seq(size/2*i), MSS: 1460, RecvBuffer: 64 << 10, SendBuffer: 64 << 10}
		s.hosts[i] = h
	}
	c := s.hosts[0]
	c.config.FastOpen = ClientFastOpen{Mode: ClientOn, Cookie: s.ring.Mint(simClient, simServer), MSS: 1460}
	c.m = NewClient(c.config)
	s.app(c)
	s.take(c, c.m.Open(s.now, nil))
	return s
}

// A mebibyte in each direction, through windows of 64 KiB and across the wrap of
// both sequence numbers, at the start of one and in the middle of the other
// (C-10), on a good path and on a bad one (T-13).
func TestTransfer(t *testing.T) {
	for _, loss := range []float64{0, 0.02} {
		s := transfer(1<<20, loss)
		s.run()
		if s.failed != "" {
			t.Fatalf("loss %v: %s", loss, s.failed)
		}
		for i, h := range s.hosts {
			if h.got != len(s.hosts[1-i].stream) || h.m.Err() != nil {
				t.Errorf("loss %v: %s got %d bytes, error %v", loss, h.name, h.got, h.m.Err())
			}
			if got := h.m.Info(); got.Sent != 1<<20 || got.Received != 1<<20 {
				t.Errorf("loss %v: %s counts %d sent, %d received", loss, h.name, got.Sent, got.Received)
			}
		}
		if got := s.hosts[0].m.Info().FastOpen; loss == 0 && got.Outcome != Accepted {
			t.Errorf("Fast Open: got %q (%s)", got.Outcome, got.Why)
		}
	}
}
