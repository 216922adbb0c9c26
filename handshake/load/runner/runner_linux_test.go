package runner

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/load"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/link/hosttest"
)

// syns is a run in mode Syn on a wire between two hosts.
func syns(t *testing.T, near, peer *hosttest.Host) load.Config {
	t.Helper()
	clients, err := load.ParseClients("198.18.1.0/24")
	if err != nil {
		t.Fatal(err)
	}
	form, err := load.ParseForm("mss 1460,FO")
	if err != nil {
		t.Fatal(err)
	}
	return load.Config{
		Mode: load.Syn, Server: netip.MustParseAddrPort("198.18.0.2:80"), Clients: clients, MSS: 1460, Form: form,
		Header:  link.AppendHeader(nil, wire.MAC(peer.MAC("veth0")), wire.MAC(near.MAC("veth0")), 4),
		Cookies: load.Random{Seed: 1}, Payload: []byte("Hello, Server"), Sizes: load.SizeOf(13),
	}
}

// receive counts the frames that come until there are n, by client.
func receive(t *testing.T, l link.Link, n int) map[netip.Addr]int {
	t.Helper()
	if err := l.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	clients := make(map[netip.Addr]int)
	var batch [64]link.Frame
	for n > 0 {
		got, err := l.ReadFrames(batch[:])
		if err != nil {
			t.Fatalf("%d frames are missing: %v", n, err)
		}
		for _, f := range batch[:got] {
			p, err := wire.ParseFrame(f.Data)
			if err != nil || !p.ChecksumsOK() {
				t.Fatalf("%v: %v", &p, err)
			}
			clients[p.IPv4.Src]++
		}
		n -= got
	}
	return clients
}

// Every frame of two engines arrives, by each way to send.
func TestRun(t *testing.T) {
	for _, method := range []string{"", link.MethodSendmmsg} {
		near, peer := hosttest.Wired(t)
		c := syns(t, near, peer)
		c.Count = 1000
		var in *link.Packet
		peer.Do(func() (err error) {
			in, err = link.Open("veth0", &link.Config{Filter: &link.Filter{Ports: []link.PortRange{link.Port(80)}}, ReceiveBuffer: 32 << 20})
			return err
		})
		var got Figures
		near.Do(func() (err error) {
			got, err = Run(t.Context(), Config{Load: c, Interface: "veth0", CPUs: []int{0, 0}, Deaf: true, Method: method})
			return err
		})
		if got.Sent != 1000 || got.SendErrors != 0 || got.Rate() <= 0 {
			t.Errorf("%q: counted %+v, %d errors", method, got.Counters, got.SendErrors)
		}
		clients := receive(t, in, 1000)
		in.Close()
		for a, n := range clients {
			if n < 2 {
				t.Errorf("%q: %d SYNs from %v", method, n, a)
			}
		}
		if len(clients) != 254 {
			t.Errorf("%q: %d clients", method, len(clients))
		}
	}
}

// A run without an end ends with its context.
func TestRunCancelled(t *testing.T) {
	near, peer := hosttest.Wired(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := syns(t, near, peer)
	c.Mode, c.Concurrency, c.Timeout, c.RTO = load.Exchange, 10, time.Hour, time.Hour
	seconds := 0
	var got Figures
	near.Do(func() (err error) {
		got, err = Run(ctx, Config{Load: c, Interface: "veth0", Report: func(Second) {
			if seconds++; seconds == 2 {
				cancel()
			}
		}})
		return err
	})
	if got.Sent != 10 || got.Aborted != 10 || seconds != 3 {
		t.Errorf("counted %+v after %d seconds", got.Counters, seconds)
	}
}

// The seconds, with what is left of the last one, are all that happened.
func TestRunSeconds(t *testing.T) {
	near, peer := hosttest.Wired(t)
	c := syns(t, near, peer)
	c.Rate, c.Duration = 1000, 1400*time.Millisecond
	var sum load.Counters
	var last time.Duration
	seconds := 0
	var got Figures
	near.Do(func() (err error) {
		got, err = Run(t.Context(), Config{Load: c, Interface: "veth0", Report: func(s Second) {
			if s.At <= last || s.In != s.At-last {
				t.Errorf("a second of %v at %v after one at %v", s.In, s.At, last)
			}
			last = s.At
			seconds++
			sum.Add(s.Counters)
		}})
		return err
	})
	if seconds != 2 || sum != got.Counters {
		t.Errorf("%d seconds, with %+v, want %+v", seconds, sum, got.Counters)
	}
}

func TestRunErrors(t *testing.T) {
	near, peer := hosttest.Wired(t)
	c := syns(t, near, peer)
	near.Do(func() error {
		if _, err := Run(t.Context(), Config{Load: c, Interface: "nosuch", Deaf: true}); !errors.Is(err, link.ErrNoInterface) {
			t.Errorf("no interface: %v", err)
		}
		if _, err := Run(t.Context(), Config{Load: c, Interface: "veth0", Deaf: true, CPUs: []int{1000}}); err == nil {
			t.Error("processor 1000: no error")
		}
		c.Rate = -1
		if _, err := Run(t.Context(), Config{Load: c, Interface: "veth0", Deaf: true}); !errors.Is(err, load.ErrRate) {
			t.Errorf("a rate below 0: %v", err)
		}
		return nil
	})
}

func TestWrite(t *testing.T) {
	near, peer := hosttest.Wired(t)
	c := syns(t, near, peer)
	c.Mode, c.Count = load.Exchange, 10
	var times []time.Duration
	got, err := Write(t.Context(), c, func(frame []byte, at time.Time) error {
		times = append(times, at.Sub(time.Unix(0, 0)))
		return nil
	})
	if err != nil || got.Sent != 10 || len(times) != 10 || times[9] != 9*time.Microsecond {
		t.Errorf("counted %+v, times %v, %v", got.Counters, times, err)
	}
	full := errors.New("full")
	if _, err := Write(t.Context(), c, func([]byte, time.Time) error { return full }); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}
