package endpoint_test

import (
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// steppers are two stacks in virtual time, joined by links that cut.
type steppers struct {
	t     *testing.T
	now   time.Time
	ends  [2]*endpoint.Stepper
	links [2]*link.Mem
}

func newSteppers(t *testing.T) *steppers {
	t.Helper()
	s := &steppers{t: t, now: time.Now()}
	s.links[0], s.links[1] = link.Pair(&link.PairConfig{Offload: true, Queue: 10_000})
	for i, r := range []route{{client4, client6, clientMAC, serverMAC}, {server4, server6, serverMAC, clientMAC}} {
		p, err := endpoint.NewStepper(s.now, endpoint.Config{Link: s.links[i], Router: r})
		if err != nil {
			t.Fatal(err)
		}
		s.ends[i] = p
	}
	return s
}

// deliver gives each end what the other has sent.
func (s *steppers) deliver() {
	batch := make([]link.Frame, 64)
	for i, l := range s.links {
		for {
			l.SetReadDeadline(time.Now().Add(1))
			n, err := l.ReadFrames(batch)
			if err == os.ErrDeadlineExceeded {
				break
			}
			for k := range n {
				s.ends[i].Input(s.now, link.Complete(nil, batch[k].Data))
			}
		}
	}
}

func (s *steppers) advance() {
	for _, p := range s.ends {
		p.Advance(s.now)
	}
}

// What the windows allow is sent by one Advance, in however many calls of the machine.
func TestStepperBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSteppers(t)
		large := handshake.Config{RecvBuffer: 8 << 20, SendBuffer: 8 << 20, InitialWindow: 2000}
		ln, err := (&endpoint.ListenConfig{Stack: s.ends[1].Stack(), Machine: large}).Listen(t.Context(), "tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := (&endpoint.Dialer{Stack: s.ends[0].Stack(), Machine: large}).Begin(t.Context(), netip.MustParseAddrPort(address4), nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.advance()
			s.deliver()
		}
		server, err := ln.TryAccept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.TryWrite([]byte("x")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the peer's window is not that of its SYN any more
			s.advance()
			s.deliver()
			s.deliver()
			s.now = s.now.Add(time.Second)
		}
		n, err := c.TryWrite(noise(2 << 20))
		if err != nil {
			t.Fatal(err)
		}
		s.ends[0].Advance(s.now)
		s.deliver()
		if got, _ := server.Buffered(); got != n+1 {
			t.Errorf("the peer has %d bytes, want %d", got, n+1)
		}
	})
}
