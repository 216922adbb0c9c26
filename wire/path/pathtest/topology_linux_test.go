package pathtest_test

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
	"tfocraft/wire/path/pathtest"
)

// patience is how long anything may take before a test gives up.
const patience = time.Minute

// connect returns both ends of a connection of the two kernels.
func connect(t testing.TB, top *pathtest.Topology, server netip.Addr) (client, accepted *net.TCPConn) {
	t.Helper()
	var ln net.Listener
	top.Server.Do(func() (err error) {
		ln, err = net.Listen("tcp", netip.AddrPortFrom(server, 0).String())
		return err
	})
	defer ln.Close()
	top.Client.Do(func() error {
		c, err := net.DialTimeout("tcp", ln.Addr().String(), patience)
		if err == nil {
			client = c.(*net.TCPConn)
		}
		return err
	})
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted = c.(*net.TCPConn)
	for _, c := range []*net.TCPConn{client, accepted} {
		c.SetDeadline(time.Now().Add(patience))
		t.Cleanup(func() { c.Close() })
	}
	return client, accepted
}

// transfer sends n bytes from one connection to the other and compares them.
func transfer(t *testing.T, from, to *net.TCPConn, n int64) {
	t.Helper()
	sent, got := sha256.New(), sha256.New()
	done := make(chan error, 1)
	go func() {
		random := rand.NewChaCha8([32]byte{1})
		_, err := io.CopyN(io.MultiWriter(from, sent), random, n)
		from.CloseWrite()
		done <- err
	}()
	received, err := io.Copy(got, to)
	if sendErr := <-done; err != nil || sendErr != nil || received != n {
		t.Fatalf("got %d bytes, %v, %v, want %d", received, sendErr, err, n)
	}
	if [32]byte(got.Sum(nil)) != [32]byte(sent.Sum(nil)) {
		t.Error("data differ")
	}
}

// Whatever the path does, the kernels' TCP gets every byte through.
func TestKernelTransfer(t *testing.T) {
	for _, c := range []struct {
		name string
		way  path.Way
		want func(n bridge.Counters) bool // happened
	}{
		{"clean", path.Way{}, func(n bridge.Counters) bool { return n.Delivered == n.Sent }},
		{"lossy", path.Way{Delay: time.Millisecond, Loss: 0.02}, func(n bridge.Counters) bool { return n.Lost > 0 }},
		{"messy", path.Way{Delay: time.Millisecond, Jitter: time.Millisecond, Loss: 0.01, LossBurst: 3, Duplicate: 0.02, Reorder: 0.02, Corrupt: 0.02},
			func(n bridge.Counters) bool {
				return n.Lost > 0 && n.Duplicated > 0 && n.Reordered > 0 && n.Corrupted > 0
			}},
		{"slow", path.Way{Delay: time.Millisecond, Rate: 10e6, Queue: 32 << 10}, func(n bridge.Counters) bool { return n.QueueDrops > 0 }},
		{"moved", path.Way{Loss: 0.01}, func(n bridge.Counters) bool { return n.Lost > 0 }},
	} {
		for family, addr := range map[string]netip.Addr{"IPv4": pathtest.Server4, "IPv6": pathtest.Server6} {
			t.Run(c.name+"/"+family, func(t *testing.T) {
				top := pathtest.New(t, path.Both(7, c.way))
				client, server := connect(t, top, addr)
				transfer(t, client, server, 4<<20)
				forward, backward := top.Bridge.Counters()
				if !c.want(forward) || forward.TooBig != 0 || forward.Unsent != 0 {
					t.Errorf("counters: got %+v, %+v", forward, backward)
				}
			})
		}
	}
}

func info(t *testing.T, c *net.TCPConn) *unix.TCPInfo {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// The kernel's client lowers its path MTU to what the router says, and the
// transfer goes on in segments that fit.
func TestKernelAcceptsTooBig(t *testing.T) {
	const mtu = 1400
	for family, addr := range map[string]netip.Addr{"IPv4": pathtest.Server4, "IPv6": pathtest.Server6} {
		t.Run(family, func(t *testing.T) {
			top := pathtest.New(t, path.Both(1, path.Way{MTU: mtu, TooBig: path.TooBigICMP}))
			client, server := connect(t, top, addr)
			transfer(t, client, server, 1<<20)
			if got := info(t, client).Pmtu; got != mtu {
				t.Errorf("path MTU: got %d, want %d", got, mtu)
			}
			if forward, _ := top.Bridge.Counters(); forward.TooBig == 0 {
				t.Error("no packet was too big")
			}
		})
	}
}

// A ping-pong between two hosts takes what the path is configured for. How exact
// it is depends on the machine, so that only too short a time is an error.
func TestKernelRoundTrip(t *testing.T) {
	const oneWay, rounds = 10 * time.Millisecond, 50
	top := pathtest.New(t, path.Both(1, path.Way{Delay: oneWay}))
	client, server := connect(t, top, pathtest.Server4)
	go io.Copy(server, server)
	var times []time.Duration
	b := make([]byte, 1)
	for range rounds {
		start := time.Now()
		if _, err := client.Write(b); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, b); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	t.Logf("round trip: least %v, median %v, most %v", times[0], times[rounds/2], times[rounds-1])
	if times[0] < 2*oneWay {
		t.Errorf("least round trip: got %v, want at least %v", times[0], 2*oneWay)
	}
}
