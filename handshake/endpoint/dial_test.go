package endpoint_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
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
		{name: "out of time", answer: silent, timeout: 1500 * time.Millisecond, want: os.ErrDeadlineExceeded, why: handshake.WhyNoAnswer, retries: 1},
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

// A dial can be cancelled at every moment: the error says so, no SYN goes out
// afterwards, and the port is free when it returns.
func TestDialCanceled(t *testing.T) {
	for _, c := range []struct {
		name     string
		at       string
		wantPort bool // is reserved and guarded meanwhile
		wantSyns int
	}{
		{"before", "", false, 0},
		{"during the route", "resolve", false, 0},
		{"during the reservation", "reserve", true, 0},
		{"during the guard", "protect", true, 0},
		{"after the SYN", "SYN", true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				host, port := newRegistry(), false
				host.at = func(moment string) {
					port = port || moment == "reserve"
					if moment == c.at {
						cancel()
					}
				}
				l := newLab(t, func(s *setup) {
					s.client.Ports, s.client.Guard = host, host
					s.client.Router = noticed{s.client.Router, host}
					s.pair.Forward = func([]byte) [][]byte {
						host.at("SYN")
						return nil
					}
				})
				host.at("")
				d := endpoint.Dialer{Stack: l.client}
				if _, err := d.DialContext(ctx, "tcp", address4, []byte("hello")); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want %v", err, context.Canceled)
				}
				host.wantEmpty(t)
				if port != c.wantPort {
					t.Errorf("a port was reserved: %v, want %v", port, c.wantPort)
				}
				time.Sleep(time.Minute)
				if got := l.client.Counters(); got.OutSegs != uint64(c.wantSyns) || got.AttemptFails != uint64(c.wantSyns) {
					t.Errorf("%d segments went out and %d attempts failed, want %d", got.OutSegs, got.AttemptFails, c.wantSyns)
				}
			})
		})
	}
}

// noticed is a route whose use is noticed.
type noticed struct {
	endpoint.Router
	host *registry
}

func (n noticed) Resolve(ctx context.Context, dst, src netip.Addr, ifname string) (link.Hop, error) {
	n.host.at("resolve")
	return n.Router.Resolve(ctx, dst, src, ifname)
}

// A dial that runs out of time says so in the words of package net and in those
// of package os.
func TestDialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Forward = func([]byte) [][]byte { return nil } })
		_, err := l.dial(endpoint.Dialer{Timeout: time.Second}, "")
		for _, want := range []error{context.DeadlineExceeded, os.ErrDeadlineExceeded} {
			if !errors.Is(err, want) {
				t.Errorf("error %v is not %v", err, want)
			}
		}
	})
}

// After a failed dial its port can be dialed from again.
func TestDialAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry()
		l := newLab(t, func(s *setup) {
			s.client.Ports, s.client.Guard = host, host
			s.pair.Backward = tamper(nobodyHome)
		})
		l.listen(endpoint.ListenConfig{})
		d := endpoint.Dialer{Source: netip.AddrPortFrom(client4, 4000)}
		for range 20 {
			if _, err := l.dial(d, ""); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatalf("error %v, want %v", err, syscall.ECONNREFUSED)
			}
			host.wantEmpty(t)
		}
	})
}

// Data for a dial may be much more than the send buffer; all of it arrives,
// also if the connection is closed at once.
func TestDialWithMuchData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		want := noise(8 << 20)
		d := endpoint.Dialer{Stack: l.client, FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}
		c, err := d.DialContext(t.Context(), "tcp", address4, want)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if got, err := io.ReadAll(accept(t, ln)); !bytes.Equal(got, want) || err != nil {
			t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
		}
	})
}
