package endpoint_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// A dial that fails tells how far it got, and remembers it: T-40, T-87.
func TestFailedDial(t *testing.T) {
	silent := func(*wire.Packet) bool { return false }
	for _, c := range []struct {
		name    string
		answer  func(*wire.Packet) bool // what becomes of SYNs
		listen  bool
		timeout time.Duration
		want    error
		why     handshake.Why
		retries int
	}{
		{name: "refused", want: syscall.ECONNREFUSED, why: handshake.WhyRefused},
		{name: "silence", answer: silent, want: syscall.ETIMEDOUT, why: handshake.WhyNoAnswer, retries: 2},
		{name: "out of time", answer: silent, timeout: 1500 * time.Millisecond, want: os.ErrDeadlineExceeded, retries: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *setup) {
					if c.answer != nil {
						s.pair.Forward = tamper(c.answer)
					} else {
						s.pair.Backward = tamper(nobodyHome)
						s.pair.Forward = nil
					}
				})
				if c.answer == nil {
					go echo(l.listen(endpoint.ListenConfig{}))
				}
				d := endpoint.Dialer{FastOpen: handshake.ClientOn, Cookie: wrong(8), Timeout: c.timeout,
					Machine: handshake.Config{SynRetries: 2}}
				_, err := l.dial(d, "hello")
				if !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
				failed, ok := errors.AsType[*endpoint.HandshakeError](err)
				if !ok {
					t.Fatalf("error %v holds no HandshakeError", err)
				}
				if got := failed.Info.FastOpen; got.Why != c.why || got.SynData != 5 {
					t.Errorf("why %q with %d bytes in the SYN, want %q with 5", got.Why, got.SynData, c.why)
				}
				if got := failed.Info.SynRetransmits; got != c.retries {
					t.Errorf("%d retransmissions, want %d", got, c.retries)
				}
				timeout, _ := errors.AsType[interface {
					error
					Timeout() bool
				}](err)
				if want := c.want != syscall.ECONNREFUSED; timeout.Timeout() != want {
					t.Errorf("Timeout() = %v, want %v", timeout.Timeout(), want)
				}
			})
		})
	}
}

// nobodyHome turns every SYN-ACK into the reset of a closed port.
func nobodyHome(p *wire.Packet) bool {
	p.TCP.Flags, p.TCP.Seq, p.TCP.Options = wire.RST|wire.ACK, 0, nil
	return true
}

func TestDialCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Forward = func([]byte) [][]byte { return nil } })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		d := endpoint.Dialer{Stack: l.client}
		if _, err := d.DialContext(ctx, "tcp", address4, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		if got := l.client.Counters().AttemptFails; got != 1 {
			t.Errorf("AttemptFails = %d, want 1", got)
		}
	})
}
